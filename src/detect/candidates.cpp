#include "detect/candidates.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace shieldwall::detect {

namespace {

/// Bytes of a path and query that canonical_url leaves as they are (RFC 3986 §3.3, §3.4), but for brackets:
/// refanged() may take those away.
constexpr auto is_plain = [] {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'*+,;=:@/?"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();
constexpr std::size_t plain_bytes_max = 400;

/// What canonical_url makes of the path and query `rest`; nothing when it would have to change more than an
/// empty path.
bool append_plain(std::string_view rest, std::string& out) {
  if (rest.size() > plain_bytes_max || (!rest.empty() && rest.front() != '/' && rest.front() != '?'))
    return false;
  if (rest.empty() || rest.front() == '?') out += '/';
  char before = '\0';
  for (const char c : rest) {
    if (!is_plain[static_cast<unsigned char>(c)] || (c == '.' && before == '/')) return false;
    before = c;
  }
  out += rest;
  return true;
}

}  // namespace

void Candidates::clear() {
  quads_.clear();
  v4s_.clear();
  v6s_.clear();
  keys_.clear();
  urls_.clear();
  arena_.clear();
}

void Candidates::add_url(Schemes schemes, std::string_view host, std::string_view rest, std::uint32_t line) {
  const auto hash = literal_hash(tables_.key, LiteralKind::url_host, host);
  base_.prefetch(hash);
  urls_.push_back({.host_hash = hash, .host = host, .rest = rest, .line = line, .schemes = schemes});
}

std::string_view Candidates::lower(std::string_view value, bool has_upper) {
  if (!has_upper) return value;
  auto* const out = arena_.take(value.size());
  for (std::size_t i = 0; i < value.size(); ++i)
    out[i] = value[i] >= 'A' && value[i] <= 'Z' ? static_cast<char>(value[i] | 0x20) : value[i];
  return {out, value.size()};
}

std::optional<std::string_view> Candidates::unescaped(std::string_view value) {
  static constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
  auto* const out = arena_.take(value.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '\\') {
      const auto which = ++i < value.size() ? letters.find(value[i]) : letters.npos;
      if (which == letters.npos) return std::nullopt;
      c = meant[which];
    }
    out[size++] = c;
  }
  return std::string_view(out, size);
}

void Candidates::probe(const model::Address& address, std::uint32_t line) {
  for (const int bits : address.is_v4() ? tables_.v4_bits : tables_.v6_bits) {
    const auto key = network_key(model::masked(address, bits), bits);
    auto* const kept = arena_.take(key.size);
    std::memcpy(kept, key.bytes, key.size);
    probe({.hash = literal_hash(tables_.key, LiteralKind::network, key.view()),
           .at = kept,
           .size = static_cast<std::uint32_t>(key.size),
           .line = line,
           .kind = LiteralKind::network});
  }
}

/// A name and each above it but the top-level domain.
void Candidates::probe_names(std::string_view name, std::uint32_t line) {
  for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
    probe({.hash = literal_hash(tables_.key, LiteralKind::domain, name),
           .at = name.data(),
           .size = static_cast<std::uint32_t>(name.size()),
           .line = line,
           .kind = LiteralKind::domain});
    name.remove_prefix(dot + 1);
  }
}

void Candidates::take_quads() {
  read_quads(quads_);
  for (const auto& quad : quads_)
    if (quad.is_address) add_v4(quad.address, quad.line);
}

/// What the filters for many keys at once let pass is asked of them key by key, and what then is left of the
/// tables: the memory that each step wants is asked for in the step before.
void Candidates::make_probes() {
  probes_.clear();
  for (const auto& one : v4s_)
    if (may_hold_v4(tables_, one.address)) probe(model::Address::of_v4(one.address), one.line);
  for (const auto& one : v6s_)
    if (may_hold_v6(tables_, one.address)) probe(one.address, one.line);
  for (const auto& one : keys_) {
    if (!may_hold_hash(tables_, one.hash)) continue;
    one.kind == LiteralKind::domain_tail ? probe_names(one.view(), one.line) : probe(one);
  }
  std::erase_if(probes_, [&](const Key& key) {
    if (!may_hold_hash(tables_, key.hash)) return true;
    base_.prefetch_line(key.hash);
    return false;
  });
}

bool Candidates::finds(const Key& key) const {
  return std::ranges::any_of(tables_.layers, [&](const LayerUse& use) {
    return !use.layer->literals.find(key.hash, key.kind, key.view()).empty();
  });
}

bool Candidates::finds(LiteralKind kind, std::string_view key) const {
  return finds({.hash = literal_hash(tables_.key, kind, key),
                .at = key.data(),
                .size = static_cast<std::uint32_t>(key.size()),
                .line = 0,
                .kind = kind});
}

bool Candidates::finds(const Url& url) const {
  if (!finds(LiteralKind::url_host, url.host)) return false;
  if (url.schemes == Schemes::other) return true;
  for (const auto scheme : {Schemes::http, Schemes::https}) {
    if (url.schemes != Schemes::both && url.schemes != scheme) continue;
    std::string text(scheme == Schemes::http ? "http://" : "https://");
    text += url.host;
    if (!append_plain(url.rest, text)) return true;
    if (finds(LiteralKind::url, text)) return true;
  }
  return false;
}

}  // namespace shieldwall::detect
