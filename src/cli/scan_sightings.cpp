#include "cli/scan_sightings.h"

#include <algorithm>

#include <sys/stat.h>

#include "base/hash.h"
#include "base/text.h"
#include "cli/node_call.h"
#include "cli/streams.h"
#include "detect/files.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t counts_of_report_max = 10'000;  // one request of the node's API
constexpr std::size_t head_bytes = 4096;              // more than the head of a table, which many logs share
constexpr std::size_t unknown_shown = 5;

Timestamp written_at(const std::string& path, Timestamp otherwise) {
  struct stat status{};
  if (path == "-" || ::stat(path.c_str(), &status) != 0) return otherwise;
  return {status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1'000};
}

/// Of what cannot be read twice: the same findings are the same log.
std::string source_of(const std::vector<detect::SightingCount>& counts) {
  std::string text;
  for (const auto& one : counts)
    text += fmt::format("{} {} {}\n", one.indicator, one.first_seen.us, one.count);
  return "piped:" + sha256(text).hex();
}

std::string report_of(const LogCount* begin, const LogCount* end) {
  model::JsonWriter body;
  body.begin_object();
  body.key("sightings");
  body.begin_array();
  for (const auto* one = begin; one != end; ++one) {
    body.begin_object();
    body.member("indicator", one->count.indicator);
    body.member("at", to_text(one->count.first_seen));
    body.member("count", one->count.count);
    body.member("source", one->source);
    body.end_object();
  }
  body.end_array();
  body.end_object();
  return std::move(body).text();
}

/// What the node said of all requests together.
struct Told {
  std::uint64_t taken = 0;
  std::uint64_t known = 0;
  std::vector<std::string> unknown{};

  void add(const model::Json& answer) {
    taken += number_of(answer, "taken");
    known += number_of(answer, "known");
    if (const auto ids = answer.find("unknown"))
      for (const auto id : *ids) unknown.emplace_back(id.string());
  }

  void print() const {
    fmt::print(stderr,
               "shieldwall: the node added {} counts{}\n",
               taken,
               known == 0 ? "" : fmt::format("; {} were told by the same logs before and not added", known));
    for (std::size_t i = 0; i < std::min(unknown.size(), unknown_shown); ++i)
      fmt::print(stderr, "shieldwall: not counted: the node does not hold {}\n", excerpt(unknown[i]));
    if (unknown.size() > unknown_shown)
      fmt::print(stderr, "shieldwall: and {} more\n", unknown.size() - unknown_shown);
  }
};

}  // namespace

Result<std::string> source_of(const std::string& path) {
  const auto file = TRY(open_named_file(path));
  std::string head(head_bytes, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    const auto got = TRY(file->read({head.data() + size, head.size() - size}));
    if (got == 0) break;
    size += got;
  }
  return "head:" + sha256(std::string_view(head).substr(0, size)).hex();
}

void SightingSink::hit(const detect::Hit& hit) {
  auto found = folders_.find(hit.source);
  if (found == folders_.end())
    found =
        folders_.emplace(hit.source, detect::SightingFolder(matcher_, written_at(hit.source, scanned_at_)))
            .first;
  found->second.add(hit);
  next_.hit(hit);
}

std::vector<LogCount> SightingSink::take() {
  std::vector<LogCount> all;
  for (const auto& [path, folder] : folders_) {
    auto counts = folder.counts();
    std::erase_if(counts,
                  [](const detect::SightingCount& one) { return !model::ObjectId::parse(one.indicator); });
    // Read to its hits a moment ago; should it be gone now, its findings name it.
    auto source = path == "-" ? Result<std::string>(source_of(counts)) : source_of(path);
    const auto name = source ? std::move(*source) : source_of(counts);
    for (auto& one : counts) all.push_back({std::move(one), name});
  }
  return all;
}

Done report_to_node(const Arguments& arguments, const std::vector<LogCount>& counts) {
  if (counts.empty()) return {};
  auto door = TRY(NodeDoor::open(arguments));
  Told told;
  for (std::size_t i = 0; i < counts.size(); i += counts_of_report_max) {
    const auto* begin = counts.data() + i;
    const auto* end = begin + std::min(counts.size() - i, counts_of_report_max);
    const auto answer = TRY(door.ask(net::Method::post, "/api/v1/sightings", report_of(begin, end)));
    told.add(answer.root());
  }
  told.print();
  return {};
}

}  // namespace shieldwall::cli
