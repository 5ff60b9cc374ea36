// Any bytes as a page of the index, as a row of its fresh tail and as a filter of keys: an error, or postings
// in order that are the same read in each way and written again.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "store/index.h"

using namespace shieldwall;
using namespace shieldwall::store;

namespace {

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// What the reader of groups makes of a page. Nothing when it refuses it.
std::optional<std::vector<Posting>> by_groups(std::string_view page) {
  PageReader reader(page);
  std::vector<Posting> postings;
  Group group;
  for (;;) {
    const auto more = reader.next(group);
    if (!more) return std::nullopt;
    if (!*more) return postings;
    PostingReader list(group);
    while (const auto posting = list.next()) postings.push_back(*posting);
    expect(postings.back() == Posting{group.key, group.last}, "a group ends with its last");
  }
}

std::vector<Posting> written_again(const std::vector<Posting>& postings) {
  PageWriter writer;
  std::vector<Posting> back;
  const auto take = [&] {
    const auto page = read_page(writer.take());
    expect(page.has_value(), "what was written is read");
    back.insert(back.end(), page->begin(), page->end());
  };
  for (const auto& posting : postings) {
    writer.add(posting);
    if (writer.full()) take();
  }
  if (!writer.empty()) take();
  return back;
}

void look_up(std::string_view page, const std::vector<Posting>& postings) {
  for (const auto& posting : postings) {
    const auto under = read_page(page, posting.key);
    expect(under && std::ranges::find(*under, posting.sequence) != under->end(), "found under its key");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t page_bytes_max = 8192;  // no row of pages is longer
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, page_bytes_max));
  const auto groups = by_groups(bytes);
  const auto page = read_page(bytes);
  if (page) {
    expect(written_again(*page) == *page, "a page is written as it was read");
    if (page->size() <= 64) look_up(bytes, *page);
  }
  if (groups && page) expect(*groups == *page, "groups and postings agree");
  if (const auto tail = decode_tail(bytes)) expect(encode_tail(*tail) == bytes, "a tail is what it was");
  const auto filter = KeyFilter::of_bytes(std::string(bytes));
  expect(filter.may_have(1) || !filter.bytes().empty(), "an empty filter excludes nothing");
  return 0;
}
