#pragma once
// Collects under which words changes are found, to be written as one segment: a list for each word that
// grows in place, so that nothing is sorted but the words themselves.

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/postings.h"

namespace shieldwall::store {

class WordTable {
 public:
  explicit WordTable(const KeyMaker& keys);

  /// Changes come in order.
  void add(Sequence sequence, std::string_view text);
  /// The list of each word, sorted by key.
  std::vector<const Group*> sorted() const;

 private:
  struct Slot {
    Key key = 0;  // 0: free; a key of kind word never is
    std::uint32_t group = 0;
  };
  Group& group_of(Key key);
  void grow();

  const KeyMaker* keys_;
  std::vector<Slot> slots_;  // a power of two of them, at most half taken
  std::vector<Group> groups_;
};

}  // namespace shieldwall::store
