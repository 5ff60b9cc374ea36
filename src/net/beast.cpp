// The only file that includes Boost.Beast: half a minute of compile time is paid here and nowhere else.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.h"
#include "net/parser.h"

namespace shieldwall::net {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

std::string_view view(boost::core::string_view text) {
  return {text.data(), text.size()};
}

/// Collects into our own values, so that Beast's field container is never built.
template <bool is_request>
class Collector final : public http::basic_parser<is_request> {
 public:
  explicit Collector(std::size_t head_bytes_max) {
    this->header_limit(static_cast<std::uint32_t>(head_bytes_max));
    this->body_limit(boost::none);  // the caller counts, it knows whose body this is
    this->eager(true);
  }

  Head head;
  Bytes* body = nullptr;

 private:
  void on_request_impl(http::verb,
                       boost::core::string_view method,
                       boost::core::string_view target,
                       int version,
                       error_code&) override {
    head.method = view(method);
    head.target = view(target);
    head.http_1_0 = version == 10;
  }
  void on_response_impl(int code, boost::core::string_view, int version, error_code&) override {
    head.status = code;
    head.http_1_0 = version == 10;
  }
  void on_field_impl(http::field,
                     boost::core::string_view name,
                     boost::core::string_view value,
                     error_code&) override {
    if (!this->is_header_done()) head.headers.add(view(name), view(value));  // else a trailer
  }
  void on_header_impl(error_code&) override {
    head.keep_alive = this->keep_alive();
    head.chunked = this->chunked();
    if (const auto length = this->content_length()) head.content_length = *length;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::core::string_view piece, error_code&) override {
    body->append(piece.data(), piece.size());
    return piece.size();
  }
  /// An answer's chunk has its room at once: a page of a peer, grown piece by piece, is moved ten times over.
  void on_chunk_header_impl(std::uint64_t size, boost::core::string_view, error_code&) override {
    if (!is_request) body->reserve(body->size() + std::min(size, announced_bytes_max));
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::core::string_view piece, error_code&) override {
    body->append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  static constexpr std::uint64_t announced_bytes_max = 8u << 20;  // believed before it came
};

}  // namespace

struct MessageParser::Reader {
  std::unique_ptr<Collector<true>> request{};
  std::unique_ptr<Collector<false>> response{};
  std::size_t head_bytes_max = 0;

  template <typename Action>
  decltype(auto) with(Action&& action) {
    return request ? action(*request) : action(*response);
  }
};

MessageParser::MessageParser(Kind kind, std::size_t head_bytes_max) : reader_(std::make_unique<Reader>()) {
  reader_->head_bytes_max = head_bytes_max;
  if (kind == Kind::request) {
    reader_->request = std::make_unique<Collector<true>>(head_bytes_max);
  } else {
    reader_->response = std::make_unique<Collector<false>>(head_bytes_max);
    reader_->response->skip(kind == Kind::response_without_body);
  }
}

MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

Result<std::size_t> MessageParser::feed(std::string_view bytes, Bytes& body) {
  return reader_->with([&](auto& collector) -> Result<std::size_t> {
    collector.body = &body;
    error_code error;
    const auto used = collector.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::header_limit)
      return fail(ErrorCode::exhausted, "the head is longer than {} bytes", reader_->head_bytes_max);
    if (error && error != http::error::need_more)
      return fail(ErrorCode::invalid, "not understood as HTTP: {}", error.message());
    // What cannot be used yet is part of one line or head; those have an end soon, or never.
    if (bytes.size() - used > reader_->head_bytes_max && !collector.is_done())
      return fail(
          ErrorCode::exhausted, "a line of the message is longer than {} bytes", reader_->head_bytes_max);
    return used;
  });
}

Done MessageParser::finish() {
  return reader_->with([](auto& collector) -> Done {
    error_code error;
    if (collector.is_header_done() && !collector.is_done()) collector.put_eof(error);
    if (error || !collector.is_done()) return fail(ErrorCode::invalid, "the message was cut short");
    return {};
  });
}

bool MessageParser::head_done() const {
  return reader_->with([](auto& collector) { return collector.is_header_done(); });
}

bool MessageParser::done() const {
  return reader_->with([](auto& collector) { return collector.is_done(); });
}

Head& MessageParser::head() {
  return reader_->with([](auto& collector) -> Head& { return collector.head; });
}

}  // namespace shieldwall::net
