#include "library/feed/guard.h"

#include "model/breadth.h"
#include "model/json.h"
#include "model/pattern.h"

namespace shieldwall::library::feed {

namespace {

constexpr std::string_view never_networks[] = {"0.0.0.0/8",
                                               "10.0.0.0/8",
                                               "100.64.0.0/10",
                                               "127.0.0.0/8",
                                               "169.254.0.0/16",
                                               "172.16.0.0/12",
                                               "192.168.0.0/16",
                                               "224.0.0.0/3",
                                               "::/127",
                                               "fc00::/7",
                                               "fe80::/10",
                                               "ff00::/8"};
constexpr int widest_v4 = 96 + 8, widest_v6 = 16;  // wider networks are nobody's alone

bool is_network(model::ValueKind kind) {
  using enum model::ValueKind;
  return kind == ipv4 || kind == ipv6 || kind == ipv4_cidr || kind == ipv6_cidr;
}

std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != url.npos) url.remove_prefix(at + 1);
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

}  // namespace

Guard::Guard() {
  for (const auto text : never_networks)
    if (const auto network = model::parse_network(text))
      networks_[network->bits].emplace(network->first, "it is private, local or reserved");
}

void Guard::protect(const model::CanonicalValue& value, std::string why) {
  if (is_network(value.kind)) {
    if (const auto network = model::parse_network(value.text))
      networks_[network->bits].emplace(network->first, std::move(why));
    return;
  }
  if (value.kind != model::ValueKind::domain) {
    exact_.emplace(fmt::format("{} {}", name_of(value.kind), value.text), std::move(why));
    return;
  }
  for (std::string_view rest = value.text; rest.find('.') != rest.npos;) {
    rest.remove_prefix(rest.find('.') + 1);
    above_.emplace(std::string(rest), fmt::format("{} lies below it: {}", value.text, why));
  }
  domains_.emplace(value.text, std::move(why));
}

std::optional<std::string> Guard::about_domain(std::string_view name) const {
  if (model::is_public_suffix(std::string(name)))
    return "it is a public suffix: everybody's names lie below it";
  if (const auto found = above_.find(name); found != above_.end()) return found->second;
  for (auto rest = name;;) {
    if (const auto found = domains_.find(rest); found != domains_.end()) return found->second;
    const auto dot = rest.find('.');
    if (dot == rest.npos) return std::nullopt;
    rest.remove_prefix(dot + 1);
  }
}

std::optional<std::string> Guard::about_network(const model::Network& network) const {
  if (network.bits < (network.is_v4() ? widest_v4 : widest_v6)) return "it is too wide";
  for (const auto& [bits, some] : networks_) {
    if (bits <= network.bits) {  // does one of them hold it?
      const auto found = some.find(model::masked(network.first, bits));
      if (found != some.end() && model::Network{found->first, bits}.is_v4() == network.is_v4())
        return found->second;
      continue;
    }
    const auto inside = some.lower_bound(network.first);  // or does it hold one of them?
    if (inside != some.end() && model::masked(inside->first, network.bits) == network.first)
      return inside->second;
  }
  return std::nullopt;
}

std::optional<std::string> Guard::objection(const model::CanonicalValue& value) const {
  if (is_network(value.kind)) {
    const auto network = model::parse_network(value.text);
    return network ? about_network(*network) : std::nullopt;
  }
  if (value.kind == model::ValueKind::domain) return about_domain(value.text);
  const auto exact = exact_.find(fmt::format("{} {}", name_of(value.kind), value.text));
  if (exact != exact_.end()) return exact->second;
  if (value.kind != model::ValueKind::url) return std::nullopt;
  // A URL on a protected host may be blocked by itself where that is somebody's page; not the whole host.
  const auto host = host_of(value.text);
  const auto network = model::parse_network(host);
  if (network) return about_network(*network);
  const auto bare = value.text.substr(value.text.find("://") + 3 + host.size());
  return bare.empty() || bare == "/" ? about_domain(host) : std::nullopt;
}

Result<WarningList> read_warning_list(std::string text) {
  const auto document =
      TRY(model::JsonDocument::parse(std::move(text), {.values_max = warning_list_values_max}));
  const auto root = document.root();
  const auto name = root.find("name");
  const auto type = root.find("type");
  const auto entries = root.find("list");
  if (!name || !name->is(model::JsonKind::string) || !entries || !entries->is(model::JsonKind::array))
    return fail(ErrorCode::invalid, "no warning list: it needs 'name' and 'list'");
  const auto kind = type && type->is(model::JsonKind::string) ? type->string() : std::string_view("string");
  WarningList list{.name = std::string(name->string())};
  for (const auto entry : *entries) {
    auto value = entry.is(model::JsonKind::string) ? entry.string() : std::string_view();
    if (value.starts_with('.')) value.remove_prefix(1);
    auto canonical = model::canonical_guess(value);
    if (!canonical || kind == "substring" || kind == "regex") {
      ++list.unused;
    } else {
      list.values.push_back(std::move(*canonical));
    }
  }
  return list;
}

}  // namespace shieldwall::library::feed
