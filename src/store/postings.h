#pragma once
// Sorted lists of (key, sequence), and the pages they are stored in.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/index_keys.h"

namespace shieldwall::store {

/// One change that is found under one key.
struct Posting {
  Key key;
  Sequence sequence;
  auto operator<=>(const Posting&) const = default;
};

/// Sorts by key and sequence. Input in order of sequence is what it is fast for.
void sort_postings(std::vector<Posting>& postings);

/// A page of a segment: groups of one key each, its sequences as differences. Encoded it has at most about
/// this many bytes, so that two fit a page of the database.
inline constexpr std::size_t posting_page_bytes = 3900;

/// The changes under one key as a page holds them: the first sequence, then differences.
struct Group {
  Key key = 0;
  std::uint64_t count = 0;
  Sequence first = 0;
  Sequence last = 0;
  std::string bytes{};

  /// `sequence` is not before the last.
  void add(Sequence sequence);
  /// `later` begins after the last.
  void append(const Group& later);
};

/// The postings of a group, one after the other. The group outlives it.
class PostingReader {
 public:
  explicit PostingReader(const Group& group) : key_(group.key), left_(group.count), rest_(group.bytes) {}
  /// Nothing at the end.
  std::optional<Posting> next();

 private:
  Key key_;
  std::uint64_t left_;
  Sequence last_ = 0;
  std::string_view rest_;
};

/// The groups of a page, one after the other. The page outlives it.
class PageReader {
 public:
  explicit PageReader(std::string_view page = {}) : rest_(page) {}
  /// False at the end. errors: corrupt
  Result<bool> next(Group& group);

 private:
  std::string_view rest_;
  Key key_ = 0;
};

/// Encodes sorted postings page by page.
class PageWriter {
 public:
  void add(const Posting& posting);
  /// The group goes on the page whole.
  bool has_room_for(const Group& group) const;
  void add(const Group& group);
  /// The encoded page is due to be taken.
  bool full() const { return page_.size() >= posting_page_bytes; }
  bool empty() const { return count_ == 0; }
  const Posting& first() const { return first_; }
  std::string take();

 private:
  void close_group();

  std::string page_;
  std::string group_;
  Posting first_{};
  Posting last_{};
  std::uint64_t group_count_ = 0;
  Key previous_key_ = 0;
  std::size_t count_ = 0;
};

/// All of a page. errors: corrupt
Result<std::vector<Posting>> read_page(std::string_view page);
/// The sequences under one key. errors: corrupt
Result<std::vector<Sequence>> read_page(std::string_view page, Key key);

/// The same for the fresh tail: sixteen bytes each, as one commit left them.
std::string encode_tail(const std::vector<Posting>& postings);
Result<std::vector<Posting>> decode_tail(std::string_view bytes);

}  // namespace shieldwall::store
