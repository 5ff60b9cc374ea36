#include "api/route.h"

#include <algorithm>

namespace shieldwall::api {

namespace {

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

using Parts = std::map<std::string, std::string, std::less<>>;

/// The next segment of a path that begins with one, and takes it off.
std::string_view next_segment(std::string_view& path) {
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(segment.size() + 1, path.size()));
  return segment;
}

std::string_view within_slashes(std::string_view path) {
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// Takes the segment `asked` off the path, when it begins with that or with a parameter.
bool takes(std::string_view& path, std::string_view asked) {
  if (path.starts_with('{')) return !next_segment(path).empty();
  if (!path.starts_with(asked)) return false;
  if (path.size() > asked.size() && path[asked.size()] != '/') return false;
  path.remove_prefix(std::min(asked.size() + 1, path.size()));
  return true;
}

/// Whether `path` has the segments of `wanted`. Asked of every route for each request: nothing is allocated,
/// and no end of a segment is looked for in a path that begins otherwise.
bool fits(std::string_view path, const std::vector<std::string>& wanted) {
  path = within_slashes(path);
  for (const auto& asked : wanted)
    if (path.empty() || !takes(path, asked)) return false;
  return path.empty();
}

/// The {name} parts of a path that fits.
Parts parts_of(std::string_view path, const std::vector<std::string>& wanted) {
  Parts parts;
  path = within_slashes(path);
  for (const auto& asked : wanted) {
    const auto segment = next_segment(path);
    if (is_parameter(segment)) parts.emplace(segment.substr(1, segment.size() - 2), asked);
  }
  return parts;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

Router::Match Router::find(net::Method method, const net::Target& target) const {
  const auto asked = method == net::Method::head ? net::Method::get : method;
  Match best;
  for (const auto& route : routes_) {
    if (!fits(route.path, target.segments)) continue;
    if (route.method != asked) {
      best.path_exists = true;
      if (!best.allowed.empty()) best.allowed += ", ";
      best.allowed += net::name_of(route.method);
      continue;
    }
    // Literal segments win over parameters: the route with fewer parts found in the path is the closer one.
    auto parts = parts_of(route.path, target.segments);
    if (best.route == nullptr || parts.size() < best.path.size()) {
      best.route = &route;
      best.path = std::move(parts);
    }
  }
  return best;
}

}  // namespace shieldwall::api
