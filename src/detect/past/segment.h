#pragma once
// Reads one segment of the past. Its files never change; only what is asked for is read, and nothing is
// believed before its checksum was.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/past/entry.h"
#include "detect/past/hot_block.h"

namespace shieldwall::detect::past {

/// What a hash was asked for; probes are sorted by hash.
struct Probe {
  std::uint64_t hash = 0;
  std::uint32_t question = 0;  // the asker's number
  auto operator<=>(const Probe&) const = default;
};

/// Where the hot part answered yes.
struct Found {
  std::uint32_t question = 0;
  std::uint32_t slice = 0;
  std::uint64_t block = 0;
  std::uint32_t entry = 0;  // within the block
};

class Segment {
 public:
  /// Opens `path` + ".hot" and ".cold".
  ///   errors  not_found, denied, unavailable; corrupt: damaged or cut; invalid: another format or version,
  ///   or
  ///           made under another key than the one of `key_check`. Messages begin with the path
  static Result<Segment> open(const std::string& path, std::uint64_t key_check);
  /// The same over bytes in memory (which must outlive it), of whatever key: for fuzzing.
  static Result<Segment> over(std::string_view hot, std::string_view cold, bool trust_checksums);
  ~Segment();
  Segment(Segment&&) noexcept;
  Segment& operator=(Segment&&) noexcept;

  const HotHeader& header() const;
  const std::vector<SegmentId>& replaces() const;
  std::uint64_t hot_bytes() const;
  std::uint64_t cold_bytes() const;

  /// Every probe found on a day from `from` on, in the order of the probes.
  ///   errors  corrupt: a block that was needed is damaged
  Done find(std::span<const Probe> sorted, std::uint32_t from, std::vector<Found>& into) const;

  /// What is known about each of them, in their order; Entry::source counts sources().
  ///   errors  corrupt: rows that were needed are damaged
  Done rows(std::span<const Found> found, const std::function<void(const Found&, const Entry&)>& row) const;

  /// errors: corrupt
  Result<std::vector<Source>> sources() const;

  /// The entries of one block; block() below header().blocks. errors: corrupt
  Result<std::vector<Entry>> block(std::uint64_t number) const;

 private:
  struct State;
  explicit Segment(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shieldwall::detect::past
