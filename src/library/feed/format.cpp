#include "library/feed/format.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "model/address.h"

namespace shieldwall::library::feed {

namespace {

using model::ValueKind;

struct Row {
  Format format;
  std::string_view name;
  std::string_view media_type;
};
constexpr Row rows[] = {
    {Format::plain, "plain", "text/plain; charset=utf-8"},
    {Format::rpz, "rpz", "text/dns"},
    {Format::nftables, "nftables", "text/plain; charset=utf-8"},
    {Format::suricata, "suricata", "text/plain; charset=utf-8"},
    {Format::suricata_dataset, "suricata-dataset", "text/plain; charset=utf-8"},
    {Format::zeek, "zeek", "text/tab-separated-values; charset=utf-8"},
};

const Row& row_of(Format format) {
  return *std::ranges::find(rows, format, &Row::format);
}

bool is_v4(ValueKind kind) {
  return kind == ValueKind::ipv4 || kind == ValueKind::ipv4_cidr;
}
bool is_address(ValueKind kind) {
  return is_v4(kind) || kind == ValueKind::ipv6 || kind == ValueKind::ipv6_cidr;
}
bool is_hash(ValueKind kind) {
  return kind == ValueKind::md5 || kind == ValueKind::sha1 || kind == ValueKind::sha256;
}

// ---------------------------------------------------------------- RPZ

/// Where the longest run of two or more zero words begins, and its length: "zz" stands for it.
std::pair<std::size_t, std::size_t> longest_zeros(const std::array<int, 8>& words) {
  std::pair<std::size_t, std::size_t> best{0, 0};
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t length = 0;
    while (i + length < words.size() && words[i + length] == 0) ++length;
    if (length > 1 && length > best.second) best = {i, length};
  }
  return best;
}

/// "24.0.2.0.192": the prefix length and the address backwards, as response policy zones name networks.
std::string rpz_network(const model::CanonicalValue& value) {
  const auto network = model::parse_network(value.text);
  if (!network) return {};
  std::string name;
  if (network->is_v4()) {
    const auto v4 = network->first.v4();
    return fmt::format(
        "{}.{}.{}.{}.{}", network->bits - 96, v4 & 255, v4 >> 8 & 255, v4 >> 16 & 255, v4 >> 24);
  }
  name = std::to_string(network->bits);
  std::array<int, 8> words{};
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = network->first.bytes[2 * i] << 8 | network->first.bytes[2 * i + 1];
  const auto [run, length] = longest_zeros(words);
  for (std::size_t i = words.size(); i > 0; --i) {
    const bool in_run = i - 1 >= run && i - 1 < run + length;
    if (!in_run) name += fmt::format(".{:x}", words[i - 1]);
    if (in_run && i - 1 == run) name += ".zz";
  }
  return name;
}

std::string rpz(std::span<const Line> lines, const Rendering& as) {
  std::string out =
      fmt::format("$TTL 60\n@ IN SOA localhost. root.localhost. {} 60 60 86400 60\n@ IN NS localhost.\n",
                  as.serial % 0xffffffffu);
  for (const auto& line : lines) {
    const std::string_view policy = line.action == Action::block ? "CNAME ." : "CNAME rpz-passthru.";
    if (line.value.kind == ValueKind::domain) {
      out += fmt::format("{0} {1}\n*.{0} {1}\n", line.value.text, policy);
    } else if (const auto name = rpz_network(line.value); !name.empty()) {
      out += fmt::format("{}.rpz-ip {}\n", name, policy);
    }
  }
  return out;
}

// ---------------------------------------------------------------- nftables

std::string nft_set(std::string_view name, Action action, bool v4) {
  return fmt::format("{}{}_{}", name, action == Action::alert ? "_alert" : "", v4 ? "v4" : "v6");
}

/// A value may lie in a network that is in the set too: sets of intervals want each address once.
std::vector<std::string> nft_elements(std::span<const Line> lines, Action action, bool v4) {
  std::vector<model::Network> networks;
  for (const auto& line : lines)
    if (line.action == action && is_address(line.value.kind) && is_v4(line.value.kind) == v4)
      if (const auto network = model::parse_network(line.value.text)) networks.push_back(*network);
  std::ranges::sort(networks, [](const auto& a, const auto& b) {
    return std::tie(a.first, a.bits) < std::tie(b.first, b.bits);
  });
  std::vector<std::string> elements;
  const model::Network* last = nullptr;
  for (const auto& network : networks) {
    if (last != nullptr && last->bits <= network.bits && last->holds(network.first)) continue;
    last = &network;
    elements.push_back(to_text(network));
  }
  return elements;
}

std::string joined(const std::vector<std::string>& elements) {
  return fmt::format("{}", fmt::join(elements, ", "));
}

std::string nftables(std::span<const Line> lines, const Rendering& as) {
  const auto table = fmt::format("inet shieldwall_{}", as.name);
  // Made, emptied and filled in one transaction: the control never stands without its sets.
  std::string out = fmt::format("table {0}\ndelete table {0}\ntable {0} {{\n", table);
  for (const auto action : {Action::block, Action::alert})
    for (const bool v4 : {true, false}) {
      const auto elements = nft_elements(lines, action, v4);
      out += fmt::format("  set {} {{\n    type {}; flags interval;\n",
                         nft_set(as.name, action, v4),
                         v4 ? "ipv4_addr" : "ipv6_addr");
      if (!elements.empty()) out += fmt::format("    elements = {{ {} }}\n", joined(elements));
      out += "  }\n";
    }
  return out + "}\n";
}

std::string nft_change(std::span<const Line> before, std::span<const Line> after, const Rendering& as) {
  std::string out;
  for (const auto action : {Action::block, Action::alert})
    for (const bool v4 : {true, false}) {
      auto was = nft_elements(before, action, v4), is = nft_elements(after, action, v4);
      std::ranges::sort(was);
      std::ranges::sort(is);
      std::vector<std::string> gone, come;
      std::ranges::set_difference(was, is, std::back_inserter(gone));
      std::ranges::set_difference(is, was, std::back_inserter(come));
      const auto set = fmt::format("inet shieldwall_{} {}", as.name, nft_set(as.name, action, v4));
      if (!gone.empty()) out += fmt::format("delete element {} {{ {} }}\n", set, joined(gone));
      if (!come.empty()) out += fmt::format("add element {} {{ {} }}\n", set, joined(come));
    }
  return out;
}

// ---------------------------------------------------------------- Suricata

/// Suricata wants a number of each rule's own that stays: drawn from the value, the next free one where two
/// meet.
class Sids {
 public:
  std::uint32_t of(const model::CanonicalValue& value) {
    const auto digest = sha256(fmt::format("{} {}", name_of(value.kind), value.text));
    std::uint32_t sid = 0;
    for (int i = 0; i < 4; ++i) sid = sid << 8 | digest.bytes[static_cast<std::size_t>(i)];
    sid = 100'000'000 + sid % 900'000'000;
    while (!taken_.insert(sid).second) ++sid;
    return sid;
  }

 private:
  std::set<std::uint32_t> taken_;
};

/// `content` of a rule: everything but letters, digits and a few marks as hexadecimal.
std::string suricata_content(std::string_view text) {
  std::string out;
  bool hex = false;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
                       c == '-' || c == '/' || c == '_' || c == '=' || c == '&' || c == '?';
    if (plain == hex) out += '|', hex = !hex;
    if (plain) {
      out += c;
    } else {
      if (out.back() != '|') out += ' ';
      out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (hex) out += '|';
  return out;
}

std::string suricata_match(const model::CanonicalValue& value) {
  if (is_address(value.kind)) return {};
  if (value.kind == ValueKind::domain)
    return fmt::format("dns.query; dotprefix; content:\".{}\"; nocase; endswith; ",
                       suricata_content(value.text));
  const auto host_begin = value.text.find("://") + 3;
  const auto path = std::min(value.text.find('/', host_begin), value.text.size());
  auto host = value.text.substr(host_begin, path - host_begin);
  host.resize(std::min(host.find(':'), host.size()));
  const auto uri = path < value.text.size() ? value.text.substr(path) : "/";
  return fmt::format("http.host; content:\"{}\"; bsize:{}; http.uri; content:\"{}\"; startswith; ",
                     suricata_content(host),
                     host.size(),
                     suricata_content(uri));
}

std::string suricata(std::span<const Line> lines, const Rendering&) {
  std::string out;
  Sids sids;
  for (const auto& line : lines) {
    const auto& value = line.value;
    const std::string_view protocol = is_address(value.kind)            ? "ip"
                                      : value.kind == ValueKind::domain ? "dns"
                                                                        : "http";
    const auto to = is_address(value.kind) ? value.text : std::string("any");
    out += fmt::format("{} {} any any -> {} any (msg:\"shieldwall {}\"; {}sid:{}; rev:1;)\n",
                       line.action == Action::block ? "drop" : "alert",
                       protocol,
                       to,
                       name_of(value.kind),
                       suricata_match(value),
                       sids.of(value));
  }
  return out;
}

std::string suricata_dataset(std::span<const Line> lines) {
  std::string out;
  for (const auto& line : lines) {
    const bool as_is = is_hash(line.value.kind) || is_address(line.value.kind);
    out += as_is ? line.value.text : to_base64(line.value.text);
    out += '\n';
  }
  return out;
}

// ---------------------------------------------------------------- plain, Zeek

std::string plain(std::span<const Line> lines) {
  std::string out;
  for (const auto& line : lines)
    if (line.action == Action::block) out.append(line.value.text).push_back('\n');
  return out;
}

std::string plain_change(std::span<const Line> before, std::span<const Line> after) {
  const auto blocked = [](std::span<const Line> lines) {
    std::vector<Line> some;
    std::ranges::copy_if(
        lines, std::back_inserter(some), [](const Line& one) { return one.action == Action::block; });
    return some;
  };
  const auto was = blocked(before), is = blocked(after);
  std::vector<Line> gone, come;
  std::ranges::set_difference(was, is, std::back_inserter(gone));
  std::ranges::set_difference(is, was, std::back_inserter(come));
  std::string out;
  for (const auto& line : gone) out += fmt::format("-{}\n", line.value.text);
  for (const auto& line : come) out += fmt::format("+{}\n", line.value.text);
  return out;
}

std::string_view zeek_type(ValueKind kind) {
  switch (kind) {
    case ValueKind::ipv4:
    case ValueKind::ipv6:
      return "Intel::ADDR";
    case ValueKind::ipv4_cidr:
    case ValueKind::ipv6_cidr:
      return "Intel::SUBNET";
    case ValueKind::url:
      return "Intel::URL";
    case ValueKind::domain:
      return "Intel::DOMAIN";
    case ValueKind::email:
      return "Intel::EMAIL";
    case ValueKind::file_name:
      return "Intel::FILE_NAME";
    default:
      return is_hash(kind) ? "Intel::FILE_HASH" : "";
  }
}

/// Its fields are separated by tabs, and URLs stand without their scheme.
std::string zeek(std::span<const Line> lines) {
  std::string out = "#fields\tindicator\tindicator_type\tmeta.source\n";
  for (const auto& line : lines) {
    auto text = std::string_view(line.value.text);
    if (line.value.kind == ValueKind::url) text.remove_prefix(text.find("://") + 3);
    if (text.find_first_of("\t\n\r") != text.npos) continue;
    out += fmt::format("{}\t{}\tshieldwall\n", text, zeek_type(line.value.kind));
  }
  return out;
}

}  // namespace

std::string_view name_of(Format format) {
  return row_of(format).name;
}

std::optional<Format> format_named(std::string_view name) {
  const auto* const found = std::ranges::find(rows, name, &Row::name);
  return found == std::end(rows) ? std::nullopt : std::optional(found->format);
}

std::string_view media_type_of(Format format) {
  return row_of(format).media_type;
}

bool can_say(Format format, ValueKind kind) {
  switch (format) {
    case Format::plain:
      return true;
    case Format::rpz:
      return kind == ValueKind::domain || is_address(kind);
    case Format::nftables:
      return is_address(kind);
    case Format::suricata:
      return is_address(kind) || kind == ValueKind::domain || kind == ValueKind::url;
    case Format::suricata_dataset:
      return kind == ValueKind::ipv4 || kind == ValueKind::ipv6 || kind == ValueKind::domain ||
             kind == ValueKind::url || kind == ValueKind::md5 || kind == ValueKind::sha256;
    case Format::zeek:
      return !zeek_type(kind).empty();
  }
  return false;
}

std::string render(Format format, std::span<const Line> lines, const Rendering& as) {
  switch (format) {
    case Format::plain:
      return plain(lines);
    case Format::rpz:
      return rpz(lines, as);
    case Format::nftables:
      return nftables(lines, as);
    case Format::suricata:
      return suricata(lines, as);
    case Format::suricata_dataset:
      return suricata_dataset(lines);
    case Format::zeek:
      return zeek(lines);
  }
  return {};
}

std::optional<std::string> render_change(Format format,
                                         std::span<const Line> before,
                                         std::span<const Line> after,
                                         const Rendering& as) {
  if (format == Format::plain) return plain_change(before, after);
  if (format == Format::nftables) return nft_change(before, after, as);
  return std::nullopt;
}

}  // namespace shieldwall::library::feed
