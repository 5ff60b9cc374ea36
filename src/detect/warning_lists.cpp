#include "detect/warning_lists.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <vector>

#include <re2/re2.h>

#include "base/hash.h"
#include "base/text.h"
#include "detect/files.h"
#include "detect/url_parts.h"
#include "model/address.h"
#include "model/json.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t list_bytes_max = 256u << 20;  // the largest known has 4 MB
constexpr std::int64_t pattern_memory_max = 1 << 20;

std::string_view host_of(std::string_view value) {
  return value.find("://") == value.npos ? value : url_host(value);
}

/// `/expression/flags`, or the expression alone.
std::unique_ptr<RE2> pattern_of(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory_max);
  if (text.starts_with('/')) {
    const auto end = text.rfind('/');
    if (end > 0) {
      options.set_case_sensitive(text.find('i', end) == text.npos);
      text = text.substr(1, end - 1);
    }
  }
  return std::make_unique<RE2>(re2::StringPiece(text.data(), text.size()), options);
}

}  // namespace

struct WarningLists::State {
  using Names = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  template <typename T>
  using Named = std::vector<std::pair<T, std::uint32_t>>;

  std::vector<std::string> names;
  Names strings, hosts;
  Names networks;         // by to_text
  std::vector<int> bits;  // prefix lengths in use
  Named<std::string> parts;
  Named<std::unique_ptr<RE2>> patterns;

  Done add(std::string_view type, std::string_view entry, std::uint32_t list) {
    const auto text = to_lower_ascii(trimmed(entry));
    if (text.empty()) return {};  // would name everything, or nothing
    if (type == "cidr") return add_network(text, list);
    if (type == "hostname") {
      hosts.emplace(text.substr(text.starts_with('.') ? 1 : 0), list);
    } else if (type == "string") {
      strings.emplace(text, list);
    } else if (type == "substring") {
      parts.emplace_back(text, list);
    } else if (type == "regex") {
      auto pattern = pattern_of(trimmed(entry));
      if (!pattern->ok()) return fail(ErrorCode::invalid, "'{}': {}", excerpt(entry), pattern->error());
      patterns.emplace_back(std::move(pattern), list);
    } else {
      return fail(ErrorCode::invalid, "a list of type '{}' is not known", excerpt(type));
    }
    return {};
  }

  Done add_network(const std::string& text, std::uint32_t list) {
    const auto network = TRY(model::parse_network(text));
    networks.emplace(model::to_text(network), list);
    if (std::ranges::find(bits, network.bits) == bits.end()) bits.push_back(network.bits);
    return {};
  }

  std::optional<std::uint32_t> find(std::string_view value) const {
    const auto text = to_lower_ascii(value);
    if (const auto found = strings.find(text); found != strings.end()) return found->second;
    const auto host = host_of(text);
    if (const auto found = strings.find(host); found != strings.end()) return found->second;
    if (const auto found = find_address(host)) return found;
    for (auto rest = host; !rest.empty();) {
      if (const auto found = hosts.find(rest); found != hosts.end()) return found->second;
      const auto dot = rest.find('.');
      rest = dot == rest.npos ? std::string_view{} : rest.substr(dot + 1);
    }
    for (const auto& [part, list] : parts)
      if (text.find(part) != text.npos) return list;
    for (const auto& [pattern, list] : patterns)
      if (RE2::PartialMatch(text, *pattern)) return list;
    return std::nullopt;
  }

  std::optional<std::uint32_t> find_address(std::string_view text) const {
    if (bits.empty()) return std::nullopt;
    const auto address = model::parse_address(text);
    if (!address) return std::nullopt;
    for (const int some : bits) {
      const model::Network network{model::masked(*address, some), some};
      if (network.is_v4() != address->is_v4()) continue;
      if (const auto found = networks.find(model::to_text(network)); found != networks.end())
        return found->second;
    }
    return std::nullopt;
  }
};

WarningLists::WarningLists() : state_(std::make_unique<State>()) {}
WarningLists::~WarningLists() = default;
WarningLists::WarningLists(WarningLists&&) noexcept = default;
WarningLists& WarningLists::operator=(WarningLists&&) noexcept = default;

Done WarningLists::read(std::string text) {
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  const auto root = document.root();
  const auto name = root.find("name"), type = root.find("type"), list = root.find("list");
  const auto is = [](const std::optional<model::Json>& json, model::JsonKind kind) {
    return json && json->is(kind);
  };
  if (!is(name, model::JsonKind::string) || !is(list, model::JsonKind::array))
    return fail(ErrorCode::invalid, "a warning list has a name and a list");
  const auto kind = is(type, model::JsonKind::string) ? std::string(type->string()) : "string";
  const auto number = static_cast<std::uint32_t>(state_->names.size());
  state_->names.emplace_back(name->string());
  for (const auto entry : *list) {
    if (!entry.is(model::JsonKind::string)) return fail(ErrorCode::invalid, "an entry is no text");
    TRY(state_->add(kind, entry.string(), number));
  }
  return {};
}

Done WarningLists::read_path(const std::string& path) {
  const auto files = TRY(find_files({&path, 1}));
  const bool single = files.size() == 1 && files[0].path == path;
  for (const auto& file : files) {
    if (!single && !file.path.ends_with(".json")) continue;
    const auto opened = TRY(open_unpacked(file.path));
    std::string text;
    for (std::string block(1u << 18, '\0'); text.size() <= list_bytes_max;) {
      const auto size = TRY(opened->read(block));
      if (size == 0) break;
      text.append(block, 0, size);
    }
    if (text.size() > list_bytes_max)
      return fail(ErrorCode::exhausted, "{}: a warning list has at most {} bytes", file.path, list_bytes_max);
    if (const auto done = read(std::move(text)); !done)
      return fail(done.error().code, "{}: {}", file.path, done.error().message);
  }
  return {};
}

std::optional<std::string> WarningLists::naming(std::string_view value) const {
  const auto found = state_->find(value);
  return found ? std::optional(state_->names[*found]) : std::nullopt;
}

std::size_t WarningLists::size() const {
  const auto& s = *state_;
  return s.strings.size() + s.hosts.size() + s.networks.size() + s.parts.size() + s.patterns.size();
}

}  // namespace shieldwall::detect
