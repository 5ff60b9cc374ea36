#include "api/route.h"

#include "base/text.h"

namespace shieldwall::api {

namespace {

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

/// The {name} parts when `path` has the segments of `wanted`; nothing otherwise.
std::optional<std::map<std::string, std::string, std::less<>>> fit(std::string_view path,
                                                                   const std::vector<std::string>& wanted) {
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto segments = path.empty() ? std::vector<std::string_view>{} : split(path, '/');
  if (segments.size() != wanted.size()) return std::nullopt;
  std::map<std::string, std::string, std::less<>> parts;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_parameter(segments[i]))
      parts.emplace(segments[i].substr(1, segments[i].size() - 2), wanted[i]);
    else if (segments[i] != wanted[i])
      return std::nullopt;
  }
  return parts;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

Router::Match Router::find(net::Method method, const net::Target& target) const {
  const auto asked = method == net::Method::head ? net::Method::get : method;
  Match best;
  for (const auto& route : routes_) {
    auto parts = fit(route.path, target.segments);
    if (!parts) continue;
    if (route.method != asked) {
      best.path_exists = true;
      if (!best.allowed.empty()) best.allowed += ", ";
      best.allowed += net::name_of(route.method);
      continue;
    }
    // Literal segments win over parameters: the route with fewer parts found in the path is the closer one.
    if (best.route == nullptr || parts->size() < best.path.size()) {
      best.route = &route;
      best.path = std::move(*parts);
    }
  }
  return best;
}

}  // namespace shieldwall::api
