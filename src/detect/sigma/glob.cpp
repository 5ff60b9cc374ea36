#include "detect/sigma/glob.h"

#include <algorithm>
#include <cstring>

namespace shieldwall::detect::sigma {

namespace {

using Kind = GlobPart::Kind;

bool folds_case(View view) {
  return view == View::lower || view == View::lower_dashes;
}

bool folds_dashes(View view) {
  return view == View::exact_dashes || view == View::lower_dashes;
}

/// The size of the dash that begins at `at`, 0 when none does. En dash, em dash and horizontal bar are
/// E2 80 93, 94 and 95.
constexpr std::size_t dash_at(std::string_view text, std::size_t at) {
  if (text[at] == '/' || text[at] == '-') return 1;
  if (text[at] != '\xE2' || at + 2 >= text.size() || text[at + 1] != '\x80') return 0;
  return text[at + 2] >= '\x93' && text[at + 2] <= '\x95' ? 3 : 0;
}

static_assert(std::ranges::all_of(dashes, [](auto dash) { return dash_at(dash, 0) == dash.size(); }));

std::size_t fold_dashes(char* text, std::size_t size) {
  std::size_t out = 0;
  const std::string_view whole(text, size);
  for (std::size_t at = 0; at < size;) {
    const auto dash = dash_at(whole, at);
    text[out++] = dash > 0 ? '-' : text[at];
    at += dash > 0 ? dash : 1;
  }
  return out;
}

std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0) == 0x80) ++size;
  return size;
}

/// Where `part` ends when it stands at `at`; npos when it does not.
std::size_t step(const GlobPart& part, std::string_view text, std::size_t at) {
  if (part.kind == Kind::one) return at < text.size() ? at + character_size(text, at) : text.npos;
  if (text.size() - at < part.text.size()) return text.npos;
  return std::memcmp(text.data() + at, part.text.data(), part.text.size()) == 0 ? at + part.text.size()
                                                                                : text.npos;
}

}  // namespace

std::size_t fold(std::string_view text, View view, char* out) {
  if (folds_case(view)) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      out[i] = static_cast<char>(c + ((c >= 'A' && c <= 'Z') ? 32 : 0));
    }
  } else {
    std::memcpy(out, text.data(), text.size());
  }
  return folds_dashes(view) ? fold_dashes(out, text.size()) : text.size();
}

std::string folded(std::string_view text, View view) {
  std::string out(text.size(), '\0');
  out.resize(fold(text, view, out.data()));
  return out;
}

void Glob::add(char literal) {
  add(std::string_view(&literal, 1));
}

void Glob::add(std::string_view literal) {
  if (literal.empty()) return;
  if (parts.empty() || parts.back().kind != Kind::literal) parts.emplace_back();
  parts.back().text += literal;
}

void Glob::add(Kind wildcard) {
  if (wildcard == Kind::many && !parts.empty() && parts.back().kind == Kind::many) return;
  parts.push_back({wildcard, {}});
}

void Glob::add(const Glob& other) {
  for (const auto& part : other.parts) part.kind == Kind::literal ? add(part.text) : add(part.kind);
}

bool Glob::has_wildcards() const {
  for (const auto& part : parts)
    if (part.kind != Kind::literal) return true;
  return false;
}

Glob read_glob(std::string_view text) {
  Glob glob;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && (next == '\\' || next == '*' || next == '?')) {
      glob.add(next);
      ++i;
    } else if (c == '*') {
      glob.add(Kind::many);
    } else if (c == '?') {
      glob.add(Kind::one);
    } else {
      glob.add(c);
    }
  }
  return glob;
}

bool matches(const Glob& glob, std::string_view text) {
  const auto& parts = glob.parts;
  std::size_t part = 0, at = 0;
  // When a later part does not fit, only the last `*` is widened: an earlier one could not do better.
  std::size_t retry_part = std::string_view::npos, retry_at = 0;
  for (;;) {
    if (part == parts.size()) {
      if (at == text.size()) return true;
    } else if (parts[part].kind == Kind::many) {
      retry_part = ++part;
      retry_at = at;
      if (part == parts.size()) return true;
      continue;
    } else if (const auto end = step(parts[part], text, at); end != text.npos) {
      at = end;
      ++part;
      continue;
    }
    if (retry_part == text.npos || retry_at >= text.size()) return false;
    retry_at += character_size(text, retry_at);
    if (parts[retry_part].kind == Kind::literal) {  // jump to where its text stands next
      retry_at = text.find(parts[retry_part].text, retry_at);
      if (retry_at == text.npos) return false;
    }
    part = retry_part;
    at = retry_at;
  }
}

}  // namespace shieldwall::detect::sigma
