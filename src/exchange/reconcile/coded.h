#pragma once
// Which elements two sets differ in, told by coded symbols: a stream without an end of which as much is read
// as the difference needs, about 1.4 symbols for each element of it, however large the sets are.
// docs/formats/federation.md; why this way: docs/decisions/0008.
//
// Method: Yang, Gilad, Alizadeh, Practical Rateless Set Reconciliation (SIGCOMM 2024): symbol i holds the
// elements that were mapped to it, each with probability 1/(1 + i/2); the symbols of one set less those of
// the other are the symbols of their difference, and one that holds a single element gives it away.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shieldwall::exchange::reconcile {

/// What a set holds: 24 bytes that nobody interprets here.
struct Element {
  std::array<std::uint8_t, 24> bytes{};
  auto operator<=>(const Element&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// A session's key, drawn by whoever decodes after the sets stand: elements that collide under it, or that
/// are mapped alike, cannot be made before.
struct SessionKey {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const SessionKey&) const = default;
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};
std::uint64_t hash_of(const SessionKey& key, const Element& element);

struct Symbol {
  Element sum{};             // exclusive or of its elements
  std::uint64_t hashes = 0;  // exclusive or of their hashes
  std::int64_t count = 0;    // how many
  auto operator<=>(const Symbol&) const = default;
};

/// The symbols `from`, `from` + 1, ... of a set; made in one pass over it, with memory for them alone.
class Window {
 public:
  Window(const SessionKey& key, std::uint32_t from, std::uint32_t count)
      : key_(key), from_(from), symbols_(count) {}
  /// `sign` -1 takes an element out that was put in.
  void add(const Element& element, std::int64_t sign = 1);
  std::uint32_t from() const { return from_; }
  const std::vector<Symbol>& symbols();

 private:
  struct Waiting {
    Element element;
    std::int64_t sign;
  };
  static constexpr std::size_t waiting_max = 64;  // 2 KB, read while they are in the nearest cache
  void walk_all();

  SessionKey key_;
  std::uint32_t from_;
  std::vector<Symbol> symbols_;
  std::vector<Waiting> waiting_{};  // not in the symbols yet
};

/// Reads a difference out of its symbols.
class Decoder {
 public:
  explicit Decoder(const SessionKey& key) : key_(key) {}

  /// The next symbols of the other set, and the same ones of the own.
  ///   errors  invalid: they are the symbols of no two sets
  Done add(std::span<const Symbol> theirs, std::span<const Symbol> ours);
  /// Whether all the difference is known.
  bool complete() const { return !symbols_.empty() && empty_ == symbols_.size(); }
  std::uint32_t symbols() const { return static_cast<std::uint32_t>(symbols_.size()); }
  /// Elements of the other set that the own lacks, and the other way round; in no order.
  const std::vector<Element>& theirs() const { return theirs_; }
  const std::vector<Element>& ours() const { return ours_; }

 private:
  /// Where an element that is known stands in its walk over the symbols.
  struct Walk {
    Element element{};
    std::uint64_t hash = 0;
    std::int64_t sign = 0;
    std::uint64_t state = 0;
    std::uint64_t next = 0;
  };
  void take_out(Walk& walk);
  void look_at(std::size_t index);
  Done peel();

  SessionKey key_;
  std::vector<Symbol> symbols_;
  std::size_t empty_ = 0;  // symbols that hold nothing any more
  std::vector<Walk> known_;
  std::vector<std::size_t> single_;  // symbols that may hold one element
  std::vector<Element> theirs_;
  std::vector<Element> ours_;
};

}  // namespace shieldwall::exchange::reconcile
