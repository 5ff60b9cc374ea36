#include "base/nearest.h"

#include <algorithm>

namespace shieldwall {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view given, const std::vector<std::string_view>& known) {
  given = given.substr(0, 100);  // no name of ours is half as long
  const auto found =
      std::ranges::min_element(known, {}, [&](std::string_view name) { return distance(name, given); });
  return found == known.end() ? std::string_view() : *found;
}

}  // namespace shieldwall
