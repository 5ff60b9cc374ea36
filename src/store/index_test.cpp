// Which pages of the index a question reads.

#include "store/index.h"

#include <limits>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::store;

namespace {

constexpr Key held = Key{1} << 60 | 1000;  // of kind id
constexpr Key absent = Key{1} << 60 | 2000;

/// A segment of one page that holds `held` alone, and a source that counts what is read of it.
struct OnePage {
  OnePage() {
    auto segment = std::make_shared<Segment>();
    segment->number = 1;
    segment->first = 1;
    segment->last = 9;
    segment->fences = {{held, 5}};
    segment->ids = KeyFilter(1);
    segment->ids.add(held);
    part.segments.push_back(std::move(segment));
  }

  IndexPart part;
  int reads = 0;
  PageSource pages = [this](std::uint32_t, std::size_t) -> Result<std::string_view> {
    ++reads;
    return fail(ErrorCode::corrupt, "only counted");
  };
};

}  // namespace

TEST_CASE("an id that the filter rules out is looked for in no page, forwards or backwards") {
  OnePage index;
  CHECK_FALSE(may_have_id(index.part, absent));
  KeyCursor cursor(index.part, index.pages, absent);
  const auto forwards = cursor.at_or_after(1);
  REQUIRE(forwards);
  CHECK_FALSE(forwards->has_value());
  const auto backwards = cursor.at_or_before(std::numeric_limits<Sequence>::max());
  REQUIRE(backwards);
  CHECK_FALSE(backwards->has_value());
  CHECK(index.reads == 0);
}

TEST_CASE("an id that may be there is looked for, whether in a page or in memory") {
  OnePage index;
  CHECK(may_have_id(index.part, held));
  CHECK_FALSE(KeyCursor(index.part, index.pages, held).at_or_after(1));  // the page was asked for
  CHECK(index.reads == 1);
  auto run = std::make_shared<Run>();
  run->first = run->last = 10;
  run->postings = {{absent, 10}};
  index.part.runs.push_back(std::move(run));
  CHECK(may_have_id(index.part, absent));
}
