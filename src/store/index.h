#pragma once
// The secondary index: an LSM of postings. What was put last is in runs in memory (and, durable, in the tail
// table); older postings are in segments, sorted once and merged in the background. Both are immutable, and a
// State holds them for as long as a reader looks.
//
//   segments (disk) | runs (memory)        each covers the changes first..last, in this order

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/postings.h"

namespace shieldwall::store {

/// Which of the two indexes: words follow later than the rest.
enum class Family : std::uint8_t { facts = 0, words = 1 };

struct Run {
  Sequence first = 0;
  Sequence last = 0;
  std::vector<Posting> postings;  // sorted
};

/// Set of keys that says "surely not" or "perhaps", in one cache line a question.
class KeyFilter {
 public:
  KeyFilter() = default;
  explicit KeyFilter(std::size_t keys);
  static KeyFilter of_bytes(std::string bytes);
  void add(Key key);
  bool may_have(Key key) const;
  const std::string& bytes() const { return bits_; }

 private:
  std::string bits_;  // blocks of 64 bytes
};

struct Segment {
  std::uint32_t number = 0;
  Sequence first = 0;
  Sequence last = 0;
  std::uint64_t postings = 0;
  std::vector<Posting> fences;                        // the first posting of each page
  KeyFilter ids;                                      // keys of kind id
  std::function<void(std::uint32_t number)> dropped;  // called when nobody looks any more

  Segment() = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() {
    if (dropped) dropped(number);
  }
};

/// Row of the page table: the page's number within its segment below, the segment's above.
inline std::int64_t page_row(std::uint32_t segment, std::size_t page) {
  return static_cast<std::int64_t>(segment) << 24 | static_cast<std::int64_t>(page);
}
inline constexpr std::size_t segment_pages_max = std::size_t{1} << 24;

struct IndexPart {
  std::vector<std::shared_ptr<const Segment>> segments;
  std::vector<std::shared_ptr<const Run>> runs;
};

/// What committed changes can be found now. Immutable.
struct State {
  Sequence last = 0;        // change
  Sequence words_done = 0;  // up to there words are indexed
  std::uint64_t commit = 0;
  IndexPart facts;
  IndexPart words;

  const IndexPart& part(Family family) const { return family == Family::facts ? facts : words; }
};

/// Adds a run and merges runs of like size, so that there are few of them: about log2 of the commits.
void add_run(std::vector<std::shared_ptr<const Run>>& runs, std::shared_ptr<const Run> run);

/// Merges sorted lists into one.
std::vector<Posting> merged(const std::vector<const std::vector<Posting>*>& lists);

/// Fetches a page of a segment. errors: corrupt, unavailable
using PageSource = std::function<Result<std::string_view>(std::uint32_t segment, std::size_t page)>;

/// The changes under one key, in order.
class KeyCursor {
 public:
  /// `part` and `pages` outlive the cursor.
  KeyCursor(const IndexPart& part, const PageSource& pages, Key key)
      : part_(&part), pages_(&pages), key_(key) {}

  /// The first change at or after `at`, or the last at or before it. Nothing at the end.
  Result<std::optional<Sequence>> at_or_after(Sequence at);
  Result<std::optional<Sequence>> at_or_before(Sequence at);

 private:
  const std::vector<Sequence>* load(const Segment& segment, std::size_t page, Result<void>& done);

  const IndexPart* part_;
  const PageSource* pages_;
  Key key_;
  const Segment* loaded_segment_ = nullptr;  // the page read last, for the next question
  std::size_t loaded_page_ = 0;
  std::vector<Sequence> loaded_;
};

/// Whether any change may stand under a key of kind id. Reads no page.
bool may_have_id(const IndexPart& part, Key key);

/// All changes under one key, oldest first: for keys that lead to few.
Result<std::vector<Sequence>> all_under(const IndexPart& part, const PageSource& pages, Key key);

}  // namespace shieldwall::store
