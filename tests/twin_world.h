#pragma once
// Hidden equals absent: two nodes with histories that differ only in what a reader may not see give that
// reader identical bytes, once server-assigned instants and opaque tokens are replaced by their rank.
//
//   A history is a list of steps, each marked as seen or hidden from the reader. The node `full` runs all of
//   them, the node `bare` only those that are seen; both clocks move alike. Probes then ask both nodes as the
//   reader, and what they were answered is compared.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node_world.h"

namespace shieldwall::tests {

/// What was answered, with everything random or timed replaced by its rank.
///   known  text that both worlds were given: ids in it stay as they are
class Transcript {
 public:
  explicit Transcript(std::string_view known) {
    each_run(known, [&](std::string_view run) {
      if (const auto id = uuid_in(run)) known_.insert(std::string(*id));
      return std::string();
    });
  }

  std::string normal(std::string_view text) const {
    std::set<std::string> instants;
    each_run(text, [&](std::string_view run) {
      if (is_instant(run)) instants.insert(std::string(run));
      return std::string();
    });
    std::map<std::string, std::size_t> rank_of_instant;
    for (const auto& instant : instants) rank_of_instant.emplace(instant, rank_of_instant.size());
    std::map<std::string, std::size_t> rank_of_token;
    const auto token = [&](std::string_view run) {
      return rank_of_token.try_emplace(std::string(run), rank_of_token.size()).first->second;
    };
    return each_run(text, [&](std::string_view run) -> std::string {
      if (is_instant(run)) return "<instant " + std::to_string(rank_of_instant.at(std::string(run))) + ">";
      if (is_token(run)) return "<token " + std::to_string(token(run)) + ">";
      const auto id = uuid_in(run);
      if (!id || known_.contains(std::string(*id))) return std::string(run);
      return std::string(run.substr(0, run.size() - id->size())) + "<id " + std::to_string(token(*id)) + ">";
    });
  }

 private:
  static bool is_part(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == ':' || c == '.';
  }

  template <typename Replace>
  static std::string each_run(std::string_view text, Replace replace) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
      std::size_t end = i;
      while (end < text.size() && is_part(text[end])) ++end;
      if (end > i) out += replace(text.substr(i, end - i));
      if (end < text.size()) out += text[end++];
      i = end;
    }
    return out;
  }

  /// Six digits of a second: the server's. STIX content has three.
  static bool is_instant(std::string_view run) {
    return run.size() == 27 && run[4] == '-' && run[10] == 'T' && run[19] == '.' && run[26] == 'Z';
  }
  static bool is_token(std::string_view run) {
    return run.size() >= 60 && run.find_first_of(":.") == run.npos;
  }
  static std::optional<std::string_view> uuid_in(std::string_view run) {
    if (run.size() < 36) return std::nullopt;
    const auto tail = run.substr(run.size() - 36);
    if (tail[8] != '-' || !Uuid::parse(tail)) return std::nullopt;
    return tail;
  }

  std::set<std::string> known_;
};

struct Step {
  bool seen = true;  // by the reader, now or ever
  std::function<void(NodeWorld&)> run;
  std::string known{};  // text with ids that both worlds may name
};

struct Probe {
  std::string name;
  std::function<std::string(NodeWorld&)> ask;  // gives all that was answered
};

/// One answer as text: status, fields, body.
inline std::string text_of(const net::Response& response) {
  std::string text = std::to_string(response.status) + "\n";
  for (const auto& [name, value] : response.headers) text += name + ": " + value + "\n";
  return text + "\n" + std::string(response.bytes()) + "\n";
}

/// Where two texts part, with what stands around it.
inline std::string around_difference(const std::string& with, const std::string& without) {
  constexpr std::size_t before = 200;
  constexpr std::size_t shown = 600;
  std::size_t at = 0;
  while (at < with.size() && at < without.size() && with[at] == without[at]) ++at;
  const auto from = at < before ? 0 : at - before;
  return "\n--- with what is hidden\n" + with.substr(from, shown) + "\n--- without\n" +
         without.substr(from, shown);
}

/// Runs both histories and all probes. Nothing when all answers were the same, else the probe and both texts.
inline std::optional<std::string> difference(NodeWorld& full,
                                             NodeWorld& bare,
                                             const std::vector<Step>& history,
                                             const std::vector<Probe>& probes,
                                             std::string known = {}) {
  for (const auto& step : history) {
    known += " " + step.known;
    step.run(full);
    if (step.seen) step.run(bare);
    full.clock.advance(seconds(1));
    bare.clock.advance(seconds(1));
  }
  const Transcript transcript(known);
  for (const auto& probe : probes) {
    const auto from_full = transcript.normal(probe.ask(full));
    const auto from_bare = transcript.normal(probe.ask(bare));
    full.clock.advance(seconds(1));
    bare.clock.advance(seconds(1));
    if (from_full != from_bare) return probe.name + around_difference(from_full, from_bare);
  }
  return std::nullopt;
}

}  // namespace shieldwall::tests
