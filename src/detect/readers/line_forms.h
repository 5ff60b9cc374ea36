#pragma once
// The forms that lines of a log have: what stands between their values, from the first brace to the last. A
// form is taken from a line that LineWalk takes, so that a line of the same form is one that it would take:
// all that is left to look at are the values. Most logs have a dozen forms.

#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "detect/readers/line_walk.h"

namespace shieldwall::detect {

/// Forms that begin alike share their beginning.
class LineForms {
 public:
  enum class Then : std::uint8_t { text, scalar, more, end };

  /// Bytes that stand between two values, and what follows them; siblings are ordered by size, longest first,
  /// as one may begin like another. The first node is only a root.
  struct alignas(64) Node {
    char bytes[32] = {};
    std::uint32_t mask = 0;     // of the bytes that count, lowest first
    std::uint32_t child = 0;    // behind the value, the first of those possible; 0: none
    std::uint32_t sibling = 0;  // other bytes at the same place; 0: none
    std::uint8_t size = 0;
    std::uint8_t quotes = 0;  // in the bytes
    Then then = Then::more;
    const KeyTable::Key* key = nullptr;  // of the value that follows
  };
  static_assert(sizeof(Node) == 64);

  static constexpr std::size_t nodes_max = 4096;      // 256 KiB: a hostile log has a new form in every line
  static constexpr std::size_t siblings_max = 16;     // are tried one after the other
  static constexpr unsigned failures_max = 256;       // after which nothing more is learned
  static constexpr std::uint32_t bytes_at_once = 32;  // readable behind every place of a block

  LineForms() {
    nodes_.reserve(nodes_max);
    nodes_.emplace_back();
  }
  const Node* nodes() const { return nodes_.data(); }

  enum class Learned : std::uint8_t { yes, no_room, refused };
  /// Takes the form of a line; `keys` are those of all its lines. refused: LineWalk does not take the line.
  Learned learn(const char* block, const BlockIndex& index, KeyTable& keys, const BlockLine& line);

  /// Do the bytes of `node` stand at `at`?
  [[gnu::always_inline]] static bool fits(const Node& node, const char* at) {
#if defined(__SSE2__)
    const auto half = [&](unsigned i) {
      return static_cast<std::uint32_t>(_mm_movemask_epi8(
          _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i)),
                         _mm_load_si128(reinterpret_cast<const __m128i*>(node.bytes + i)))));
    };
    return (~(half(0) | half(16) << 16) & node.mask) == 0;
#else
    return std::memcmp(at, node.bytes, node.size) == 0;
#endif
  }

 private:
  class Learner;
  std::uint32_t add(std::uint32_t parent, std::string_view bytes, Then then, const KeyTable::Key* key);
  bool add_all(std::uint32_t& parent, std::string_view bytes, Then then, const KeyTable::Key* key);

  std::vector<Node> nodes_;  // never moves
  unsigned failures_ = 0;
};

/// Tells `sink` the values of a line as LineWalk does, but quicker where the line's form is known. The sink
/// is told forget() when it shall forget what it was told of the line, as it is told again from the
/// beginning.
template <typename Sink>
class FormWalk {
 public:
  FormWalk(const char* block, const BlockIndex& index, KeyTable& keys, LineForms& forms, Sink& sink)
      : block_(block),
        index_(index),
        keys_(keys),
        forms_(forms),
        sink_(sink),
        scalars_(block, index),
        walk_(block, index, keys, sink) {}

  /// As LineWalk::run.
  [[gnu::always_inline]] bool run(const BlockLine& line) {
    if (line.odd) return false;
    const auto seen = known(line);
    return seen == Seen::other ? run_other(line) : seen == Seen::taken;
  }

 private:
  enum class Seen : std::uint8_t { taken, refused, other };

  [[gnu::always_inline]] Seen known(const BlockLine& line) {
    using Then = LineForms::Then;
    const auto* const nodes = forms_.nodes();
    const auto* const quotes = index_.quotes.get();
    const auto* node = nodes;
    auto at = line.begin;
    auto quote = line.quotes;
    for (;;) {
      auto next = node->child;
      for (;; next = nodes[next].sibling) {
        if (next == 0) return Seen::other;
        node = nodes + next;
        if (LineForms::fits(*node, block_ + at)) break;
      }
      at += node->size;
      quote += node->quotes;
      if (node->then == Then::text) {
        if (quote >= line.quotes_end) return Seen::other;
        const Slice span{at, quotes[quote]};
        if (!sink_.text(*node->key, span)) return Seen::refused;
        at = span.end;
      } else if (node->then == Then::scalar) {
        const Slice span{at, scalars_.end(at, block_[at])};
        if (span.end == at) return Seen::other;
        if (!sink_.scalar(*node->key, span)) return Seen::refused;
        at = span.end;
      } else if (node->then == Then::end) {
        return at == line.end ? Seen::taken : Seen::other;
      }
    }
  }

  /// A line whose form is not known.
  [[gnu::noinline]] bool run_other(const BlockLine& line) {
    sink_.forget();
    const auto learned = forms_.learn(block_, index_, keys_, line);
    if (learned == LineForms::Learned::refused) return false;
    if (learned == LineForms::Learned::yes) {
      if (const auto now = known(line); now != Seen::other) return now == Seen::taken;
      sink_.forget();
    }
    return walk_.run(line);
  }

  const char* block_;
  const BlockIndex& index_;
  KeyTable& keys_;
  LineForms& forms_;
  Sink& sink_;
  JsonScalars scalars_;
  LineWalk<Sink> walk_;
};

}  // namespace shieldwall::detect
