#include "detect/past/observables.h"

#include <charconv>

#include "base/text.h"
#include "detect/field_kind.h"
#include "detect/prose.h"
#include "detect/shape.h"
#include "detect/tables.h"
#include "detect/url_parts.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect::past {

namespace {

using model::Address;
using model::ValueKind;

constexpr std::size_t domain_bytes_max = 254;
constexpr unsigned hex = Shape::digit | Shape::hex_letter;
constexpr unsigned name_shape = hex | Shape::letter | Shape::dash | Shape::dot;

bool is_letter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

class Observer {
 public:
  Observer(const Record& record, FreeText free_text, ObservableSink& sink)
      : record_(record), free_text_(free_text), sink_(sink) {}

  void run() {
    for (const auto& field : record_.fields) {
      field_ = field.name;
      if (!record_.is_prose) by_name(field);
      if (!field.is_text) continue;
      if (!record_.is_prose) value(field.value);
      if (record_.is_prose || field.is_prose || free_text_ == FreeText::inside) prose(field.value);
    }
    if (record_.is_prose) return;
    const auto pieces = pieces_of_url(record_);
    if (pieces.host.empty()) return;
    std::string rest(pieces.path);
    if (!pieces.query.empty()) rest.append("?").append(pieces.query);
    url_without_scheme(pieces.host, rest);
  }

 private:
  void tell(LiteralKind kind, std::string_view key) { sink_.observable(kind, key); }

  void address(const Address& address) {
    const auto tell_network = [&](int bits) {
      tell(LiteralKind::network, network_key(model::masked(address, bits), bits).view());
    };
    if (address.is_v4()) {
      for (const int bits : v4_prefixes) tell_network(bits);
    } else {
      for (const int bits : v6_prefixes) tell_network(bits);
    }
  }

  /// Numbers with a point in them are no names: no top-level domain begins with a digit.
  void domain(std::string_view text) {
    char bytes[domain_bytes_max];
    if (text.ends_with('.')) text.remove_suffix(1);
    const auto last = text.rfind('.');
    if (text.size() > sizeof bytes || last == text.npos || last == 0 || last + 1 == text.size() ||
        !is_letter(text[last + 1]))
      return;
    for (std::size_t i = 0; i < text.size(); ++i)
      bytes[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    for (std::string_view rest(bytes, text.size());;) {
      const auto dot = rest.find('.');
      if (dot == rest.npos) return;
      tell(LiteralKind::domain, rest);
      rest.remove_prefix(dot + 1);
    }
  }

  void idn(std::string_view text) {
    if (const auto name = model::canonical_domain(text)) domain(*name);
  }

  void host(std::string_view text) {
    if (text.empty()) return;
    if (const auto v4 = model::parse_ipv4(text)) return address(Address::of_v4(*v4));
    if (const auto v6 = model::parse_ipv6(text)) return address(*v6);
    const auto shape = shape_of(text);
    if (shape.only(name_shape)) return domain(text);
    if (shape.has(Shape::high)) idn(text);
  }

  void url(std::string_view text) {
    host(url_host(text));
    if (const auto canonical = model::canonical_url(text)) tell(LiteralKind::url, *canonical);
  }

  void url_without_scheme(std::string_view host_and_port, std::string_view rest) {
    std::string text("http://");
    text += host_and_port;
    text += rest;
    if (const auto canonical = model::canonical_url(text))
      tell(LiteralKind::url, std::string_view(*canonical).substr(4));
  }

  void as(ValueKind kind, LiteralKind literal, std::string_view text) {
    if (const auto value = model::canonical(kind, text)) tell(literal, value->text);
  }

  void with_parent(ValueKind kind, LiteralKind literal, std::string_view text, char separator) {
    const auto value = model::canonical(kind, text);
    if (!value) return;
    tell(literal, value->text);
    const auto last = value->text.rfind(separator);
    if (last != 0 && last != std::string::npos) tell(literal, std::string_view(value->text).substr(0, last));
  }

  /// A path, or a name in a field that says so; other texts with a dot in them would double the index.
  void file(std::string_view text) {
    const auto slash = text.find_last_of("/\\");
    const auto name = trimmed(text.substr(slash + 1));
    const bool is_url = text.find("://") != text.npos;
    static constexpr std::size_t name_bytes_max = 1024;
    const bool names_file = slash != text.npos ? name.find('.') != name.npos : field_names_file();
    if (names_file && !is_url && !name.empty() && name.size() <= name_bytes_max &&
        name.find_first_of("?&=") == name.npos)
      if (const auto folded = model::folded(name)) tell(LiteralKind::file_name, *folded);
    if (slash != text.npos && !is_url && text.find_first_of("?&") == text.npos)
      with_parent(ValueKind::file_path, LiteralKind::file_path, text, '/');
  }

  bool field_names_file() const {
    for (std::size_t i = 0; i + 4 <= field_.size(); ++i) {
      const auto part = field_.substr(i, 4);
      if (equal_ignoring_case(part, "file") || equal_ignoring_case(part, "imag")) return true;
    }
    return false;
  }

  void by_name(const Field& of) {
    switch (kind_by_field(of.name)) {
      case NamedKind::none:
        return;
      case NamedKind::user_agent:
        return as(ValueKind::user_agent, LiteralKind::user_agent, of.value);
      case NamedKind::mutex:
        return as(ValueKind::mutex, LiteralKind::mutex, of.value);
      case NamedKind::asn:
        return as(ValueKind::asn, LiteralKind::asn, of.value);
      case NamedKind::cert_serial:
        return as(ValueKind::cert_serial, LiteralKind::cert_serial, of.value);
      case NamedKind::registry_key:
        return with_parent(ValueKind::registry_key, LiteralKind::registry_key, of.value, '\\');
    }
  }

  void value(std::string_view text);
  void prose(std::string_view text);
  void piece(std::string_view text);

  const Record& record_;
  FreeText free_text_;
  ObservableSink& sink_;
  std::string_view field_;
};

/// As Scanner::State::value, which decides what a text could be by the same shapes.
void Observer::value(std::string_view text) {
  static constexpr std::size_t shortest = 2;  // "::"
  if (text.size() < shortest || text.size() > model::value_bytes_max) return;
  const auto shape = shape_of(text);
  if (shape.has(Shape::slash | Shape::backslash) || shape.has(Shape::dot)) file(text);
  if (shape.only(hex | Shape::colon | Shape::dash | Shape::dot) && text.size() >= 12 && text.size() <= 17)
    as(ValueKind::mac, LiteralKind::mac, text);
  static constexpr std::size_t ja4_size = 36;
  if (text.size() == ja4_size && text[10] == '_') as(ValueKind::ja4, LiteralKind::ja4, text);
  if (shape.only(Shape::digit | Shape::dot))
    if (const auto v4 = model::parse_ipv4(text)) return address(Address::of_v4(*v4));
  if (shape.only(hex) && (text.size() == 32 || text.size() == 40 || text.size() == 64 || text.size() == 128))
    return tell(LiteralKind::hash, to_lower_ascii(text));
  if (shape.only(name_shape)) {
    if (shape.has(Shape::dot)) domain(text);
    return;
  }
  if (shape.only(hex | Shape::dot | Shape::colon))
    if (const auto v6 = model::parse_ipv6(text)) return address(*v6);
  if (shape.only(name_shape | Shape::colon)) return host(without_port(text));
  if (shape.has(Shape::bracket)) {
    const auto plain = model::refanged(text);
    if (plain != text) value(plain);
  }
  if (shape.has(Shape::colon) && shape.has(Shape::slash) && text.find("://") != text.npos) return url(text);
  if (shape.has(Shape::space | Shape::backslash)) {
    if (text.ends_with('>') && shape.has(Shape::at)) {
      const auto open = text.rfind('<');
      if (open != text.npos)
        as(ValueKind::email, LiteralKind::email, text.substr(open + 1, text.size() - open - 2));
    }
    return;
  }
  if (text.starts_with('[') && shape.only(hex | Shape::dot | Shape::colon | Shape::bracket))
    return host(without_port(text));
  if (shape.has(Shape::at)) return as(ValueKind::email, LiteralKind::email, text);
  if (text.starts_with("*.")) return host(text.substr(2));
  if (shape.has(Shape::slash)) {
    const auto slash = text.find('/');
    if (slash > 0) url_without_scheme(text.substr(0, slash), text.substr(slash));
    return;
  }
  if (shape.has(Shape::high)) idn(text);
}

void Observer::prose(std::string_view text) {
  std::string_view next;
  for (Pieces pieces(text); pieces.next(next);) {
    if (shape_of(next).has(Shape::bracket)) {
      const auto plain = model::refanged(next);
      if (plain != next) piece(plain);
    }
    piece(next);
  }
}

void Observer::piece(std::string_view text) {
  std::string_view url_text;
  for (auto rest = text; next_url(rest, url_text);) url(url_text);
  std::string_view word;
  for (Words words(text); words.next(word);) {
    value(word);
    const auto behind = static_cast<std::size_t>(word.data() + word.size() - text.data());
    if (behind < text.size() && text[behind] == '/' && text.substr(behind, 2) != "//")
      url_without_scheme(word, text.substr(behind));
  }
}

}  // namespace

void read_observables(const Record& record, FreeText free_text, ObservableSink& sink) {
  Observer(record, free_text, sink).run();
}

}  // namespace shieldwall::detect::past
