#pragma once
// The media types of TAXII 2.1 (section 1.6.8) and what headers of other programs say about them.

#include <string_view>

#include "net/http.h"

namespace shieldwall::exchange::taxii {

inline constexpr std::string_view media_type = "application/taxii+json;version=2.1";  // what we send, always
inline constexpr std::string_view stix_2_0_type = "application/stix+json;version=2.0";
inline constexpr std::string_view stix_2_1_type = "application/stix+json;version=2.1";

/// Whether the Accept fields let us answer with TAXII 2.1. Lists, q values, wildcards, quotes, spaces and
/// case as RFC 9110 section 12.5.1 reads them; no version means the newest, no field means anything.
bool accepts_taxii(const net::Headers& headers);

inline constexpr std::string_view gzip_coding = "gzip";
inline constexpr std::size_t gzip_bytes_min = 1'024;  // below, packing costs more than it saves

/// Whether the Accept-Encoding fields ask for gzip no less than for the bytes as they are: lists, q values
/// and wildcard as RFC 9110 section 12.5.3 reads them.
bool accepts_gzip(const net::Headers& headers);

/// Whether a Content-Type names TAXII 2.1; no version means the newest. Other parameters do not matter.
bool is_taxii(std::string_view content_type);

}  // namespace shieldwall::exchange::taxii
