#pragma once
// The texts that the node writes about itself: the front page and the metrics.

#include <string>
#include <string_view>

#include "base/time.h"

namespace shieldwall::server {

struct Parts;

struct FrontPage {
  std::string_view node;
  std::string_view version;
  bool ready = false;
  Duration up{};
  bool searchable = true;  // full text has caught up; how much is missing would tell what others take in
};

std::string front_page_html(const FrontPage& page);
/// The Content-Security-Policy under which its one style sheet counts, and nothing else.
std::string front_page_policy();

/// Prometheus text format 0.0.4.
std::string metrics_text(const Parts& parts, Timestamp now);

/// `text` with the characters that HTML takes for its own as references.
std::string html_escaped(std::string_view text);

}  // namespace shieldwall::server
