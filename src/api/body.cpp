// Unpacks request bodies.

#include <array>
#include <cstring>

#include <zlib.h>

#include "api/call.h"
#include "base/text.h"

namespace shieldwall::api {

namespace {

/// Inflates a whole gzip body (RFC 1952; members one after another are one text).
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }  // 16: gzip wrapping only
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<Bytes> run(std::string_view packed, std::size_t bytes_max) {
    if (!ready_) return fail(ErrorCode::internal, "zlib did not start");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib reads only
    stream_.avail_in = static_cast<uInt>(packed.size());
    Bytes out;
    for (;;) {
      stream_.next_out = piece_.data();
      stream_.avail_out = static_cast<uInt>(piece_.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const auto got = piece_.size() - stream_.avail_out;
      if (out.size() + got > bytes_max)
        return fail(ErrorCode::exhausted, "the body is larger than {} bytes once unpacked", bytes_max);
      out.append(reinterpret_cast<const char*>(piece_.data()), got);
      if (status == Z_STREAM_END) {
        if (stream_.avail_in == 0) return out;
        if (inflateReset(&stream_) != Z_OK) return fail(ErrorCode::internal, "zlib did not start again");
        continue;
      }
      if (status != Z_OK || (stream_.avail_in == 0 && got == 0))
        return fail(ErrorCode::invalid, "the gzip body is damaged or cut short; send it again");
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
  std::array<Bytef, 64 << 10> piece_{};
};

}  // namespace

Result<Bytes> body_of(const Call& call, std::size_t bytes_max) {
  const auto& request = call.request;
  if (request.body.size() > bytes_max)
    return fail(ErrorCode::exhausted, "the body is larger than {} bytes", bytes_max);
  std::string encodings;
  for (const auto& field : request.headers)
    if (equal_ignoring_case(field.name, "Content-Encoding"))
      encodings += fmt::format("{}{}", encodings.empty() ? "" : ", ", trimmed(field.value));
  if (encodings.empty() || equal_ignoring_case(encodings, "identity")) return request.body;
  if (!equal_ignoring_case(encodings, "gzip") && !equal_ignoring_case(encodings, "x-gzip"))
    return fail(ErrorCode::invalid,
                "Content-Encoding '{}' is not understood here; send gzip or leave it out",
                excerpt(encodings));
  return Inflater().run(request.body, bytes_max);
}

}  // namespace shieldwall::api
