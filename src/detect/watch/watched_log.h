#pragma once
// What is watched, whatever it is, as those know it who make something of its records.

#include <cstdint>
#include <string>

#include "detect/record.h"

namespace shieldwall::detect {

class WatchedLog {
 public:
  virtual ~WatchedLog() = default;
  /// One for its whole life, whatever it is called meanwhile.
  virtual const std::string& id() const = 0;
  /// Where it is now, for people.
  virtual const std::string& path() const = 0;
  /// Under which counts of the record at hand are kept: of a stream each message has its own.
  virtual const std::string& source() const = 0;
  /// Where the record stands, for people: its line, the number of the event or of the message in the stream.
  /// Its own `line` counts what lines() counts.
  virtual std::uint64_t place_of(const Record& record) const { return record.line; }

  /// Looked through, without the record at hand.
  virtual std::uint64_t lines() const = 0;
  virtual std::uint64_t bytes() const = 0;  // unpacked
  /// Its first bytes, unpacked, at most head_bytes_max: what tells it from others.
  virtual std::string head() const = 0;
};

}  // namespace shieldwall::detect
