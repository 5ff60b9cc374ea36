#include "detect/pattern/regex.h"

#include <cstdlib>

#include <re2/re2.h>
#include <uninorm.h>

#include "base/text.h"

namespace shieldwall::detect {

namespace {

constexpr int program_bytes_max = 8 << 20;  // per expression, program and its cache of states

re2::RE2::Options options_of(RegexOn on) {
  re2::RE2::Options options;
  options.set_encoding(on == RegexOn::text ? re2::RE2::Options::EncodingUTF8
                                           : re2::RE2::Options::EncodingLatin1);
  options.set_max_mem(program_bytes_max);
  options.set_log_errors(false);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct Regex::Program {
  Program(const std::string& expression, RegexOn what) : engine(expression, options_of(what)), on(what) {}
  Program(RegexOn what, bool) : engine("", options_of(what)), on(what), never(true) {}

  re2::RE2 engine;
  RegexOn on;
  bool never = false;  // written with characters that no byte has
};

std::string nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  std::size_t size = 0;
  auto* const made = u8_normalize(
      UNINORM_NFC, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), nullptr, &size);
  if (made == nullptr) return std::string(text);
  std::string out(reinterpret_cast<const char*>(made), size);
  std::free(made);
  return out;
}

bool to_latin1(std::string_view utf8, std::string& bytes) {
  bytes.clear();
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      bytes += utf8[i];
      continue;
    }
    if (byte > 0xC3 || i + 1 >= utf8.size()) return false;  // U+0100 and beyond begin with C4
    bytes += static_cast<char>(((byte & 0x03) << 6) | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
  }
  return true;
}

Result<Regex> Regex::matches(std::string_view pcre, RegexOn on) {
  auto expression = TRY(pcre_to_re2(nfc(pcre)));
  Regex made;
  if (on == RegexOn::bytes) {
    std::string bytes;
    if (!to_latin1(expression, bytes)) {
      made.program_ = std::make_shared<const Program>(on, true);
      return made;
    }
    expression = std::move(bytes);
  }
  auto program = std::make_shared<const Program>(expression, on);
  if (!program->engine.ok()) {
    const bool large = program->engine.error_code() == re2::RE2::ErrorPatternTooLarge;
    return fail(large ? ErrorCode::exhausted : ErrorCode::invalid,
                "MATCHES '{}': {}",
                excerpt(pcre),
                excerpt(program->engine.error(), 200));
  }
  made.program_ = std::move(program);
  return made;
}

Result<Regex> Regex::like(std::string_view wildcards, RegexOn on) {
  std::string expression = "(?s)\\A";
  const auto text = nfc(wildcards);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i == 0 || text[i - 1] != '%') expression += ".*";
    } else if (text[i] == '_') {
      expression += '.';
    } else {
      expression += re2::RE2::QuoteMeta(std::string_view(text).substr(i, 1)).c_str();
    }
  }
  expression += "\\z";
  Regex made;
  if (on == RegexOn::bytes) {
    std::string bytes;
    if (!to_latin1(expression, bytes)) {
      made.program_ = std::make_shared<const Program>(on, true);
      return made;
    }
    expression = std::move(bytes);
  }
  auto program = std::make_shared<const Program>(expression, on);
  if (!program->engine.ok()) return fail(ErrorCode::exhausted, "LIKE '{}': too large", excerpt(wildcards));
  made.program_ = std::move(program);
  return made;
}

bool Regex::test(std::string_view value) const {
  if (program_->never) return false;
  if (program_->on == RegexOn::bytes || is_ascii(value))
    return re2::RE2::PartialMatch(value, program_->engine);
  return re2::RE2::PartialMatch(nfc(value), program_->engine);
}

}  // namespace shieldwall::detect
