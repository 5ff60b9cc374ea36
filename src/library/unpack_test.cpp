#include "library/unpack.h"

#include <doctest/doctest.h>
#include <zstd.h>

#include "wire/byte_reader.h"

using namespace shieldwall;
using namespace shieldwall::library;

namespace {

std::string zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

/// What it unpacks to when it comes in pieces of that size.
Result<std::string> unpacked(std::string_view body,
                             std::size_t piece,
                             std::optional<wire::Compression> expected = {},
                             const wire::ExpansionLimits& limits = upload_expansion) {
  std::string text;
  const auto take = [&](std::string_view more) -> Done {
    text += more;
    return {};
  };
  Unpacker unpacker(expected, limits);
  for (std::size_t i = 0; i < body.size(); i += piece) TRY(unpacker.push(body.substr(i, piece), take));
  TRY(unpacker.finish(take));
  return text;
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919) + ".example\n";
  return text;
}

}  // namespace

TEST_CASE("a body is unpacked whatever pieces it comes in, and left as it is when it is not packed") {
  const auto text = some_text();
  for (const auto& body : {text, wire::gzip(text), zstd(text), wire::gzip(text) + wire::gzip(text)})
    for (const std::size_t piece : {1u, 5u, 4096u, 1u << 20}) {
      if (piece == 1 && body.size() > 500'000) continue;
      CAPTURE(piece);
      const auto got = unpacked(body, piece);
      REQUIRE(got);
      CHECK((*got == text || *got == text + text));
    }
  for (const std::string small : {"", "a", "{}"}) CHECK(*unpacked(small, 1) == small);
}

TEST_CASE("a packed body that is cut, damaged or none is refused") {
  const auto text = some_text();
  for (const auto& body : {wire::gzip(text), zstd(text)}) {
    CHECK(unpacked(body.substr(0, body.size() / 2), 1000).error().code == ErrorCode::corrupt);
    auto damaged = body;
    damaged[body.size() / 2] = static_cast<char>(damaged[body.size() / 2] ^ 0x55);
    damaged[body.size() / 2 + 1] = static_cast<char>(damaged[body.size() / 2 + 1] ^ 0x55);
    CHECK(unpacked(damaged, 1000).error().code == ErrorCode::corrupt);
  }
  CHECK(unpacked("{\"type\":\"bundle\"}", 100, wire::Compression::gzip).error().code == ErrorCode::corrupt);
  CHECK(unpacked("", 100, wire::Compression::gzip).error().code == ErrorCode::corrupt);
}

TEST_CASE("a bomb is stopped when it has shown itself") {
  const wire::ExpansionLimits limits{.bytes_max = 10u << 20, .ratio_max = 100, .ratio_from_bytes = 1u << 20};
  const auto bomb = wire::gzip(std::string(4u << 20, ' '));
  CHECK(unpacked(bomb, 100, {}, limits).error().code == ErrorCode::exhausted);
  CHECK(unpacked(zstd(std::string(4u << 20, ' ')), 100, {}, limits).error().code == ErrorCode::exhausted);
}

TEST_CASE("only encodings that are read here are understood") {
  CHECK(*Unpacker::encoding_named("GZIP") == wire::Compression::gzip);
  CHECK(*Unpacker::encoding_named("zstd") == wire::Compression::zstd);
  CHECK(*Unpacker::encoding_named("identity") == std::nullopt);
  CHECK(Unpacker::encoding_named("br").error().code == ErrorCode::invalid);
}
