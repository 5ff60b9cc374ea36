// Certificates, and who gets through a TLS handshake.
#include "net/tls.h"

#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "net/pem.h"
#include "net/testing.h"

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

namespace {

struct Attempt {
  int lowest = TLS1_2_VERSION;
  int highest = TLS1_3_VERSION;
  const TlsIdentity* identity = nullptr;
  std::string answer_to = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
};

/// What OpenSSL's own client, told nothing of ours, gets: the version and the answer, or nothing.
std::string try_tls(std::uint16_t port, const Attempt& attempt) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");  // else TLS 1.1 would not even be offered
  SSL_CTX_set_min_proto_version(context.get(), attempt.lowest);
  SSL_CTX_set_max_proto_version(context.get(), attempt.highest);
  if (attempt.identity != nullptr) {
    const auto chain = read_certificates(attempt.identity->certificate_chain_pem);
    const auto key = read_key(attempt.identity->key_pem);
    SSL_CTX_use_certificate(context.get(), chain->front().get());
    SSL_CTX_use_PrivateKey(context.get(), key->get());
  }
  RawSocket socket(port);
  const std::shared_ptr<SSL> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket.number());
  if (SSL_connect(ssl.get()) != 1) return "";
  SSL_write(ssl.get(), attempt.answer_to.data(), static_cast<int>(attempt.answer_to.size()));
  std::string answer(4096, '\0');
  const int n = SSL_read(ssl.get(), answer.data(), static_cast<int>(answer.size()));
  if (n <= 0) return "";
  return fmt::format(
      "{} {}", SSL_get_version(ssl.get()), body_of(answer.substr(0, static_cast<std::size_t>(n))));
}

ListenerOptions tls_listener() {
  return {.tls = identities().server};
}

ListenerOptions member_listener(std::function<bool(const Digest&)> admits) {
  return {.role = ListenerRole::members, .tls = identities().server, .admits = std::move(admits)};
}

Digest member_pin() {
  return *pin_of(identities().member.certificate_chain_pem);
}

}  // namespace

TEST_CASE("a certificate made under the own authority names what was wished") {
  const auto& made = identities();
  CHECK(check_identity(made.server));
  CHECK(read_certificates(made.server.certificate_chain_pem)->size() == 2);
  CHECK(*pin_of(made.server.certificate_chain_pem) != *pin_of(made.authority.certificate_chain_pem));
  const auto expiry = expiry_of(made.server.certificate_chain_pem);
  REQUIRE(expiry);
  CHECK(*expiry > system_clock().now() + days(396));
  CHECK(*expiry < system_clock().now() + days(398));
  const auto leaf = std::move(read_certificates(made.server.certificate_chain_pem)->front());
  CHECK(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(leaf.get(), "elsewhere", 0, 0, nullptr) == 0);
  CHECK(X509_check_ip_asc(leaf.get(), "::1", 0) == 1);
  CHECK(X509_check_ca(leaf.get()) == 0);
}

TEST_CASE("a wish that is no name, and PEM that is none, are errors") {
  const auto& authority = identities().authority;
  for (const std::string name : {"", "a b", "a,DNS:b", "\xc3\xa9.example", "a\nb"}) {
    CAPTURE(name);
    CHECK_FALSE(make_certificate({.common_name = "x", .names = {name}}, authority));
  }
  CHECK_FALSE(make_self_signed({.common_name = std::string(100, 'x')}));
  CHECK_FALSE(pin_of(""));
  CHECK_FALSE(pin_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  CHECK_FALSE(check_identity({authority.certificate_chain_pem, identities().server.key_pem}));
  CHECK_FALSE(check_identity({authority.certificate_chain_pem, ""}));
  CHECK_FALSE(check_identity(
      {authority.certificate_chain_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n", authority.key_pem}));
}

TEST_CASE("an identity saved to files is read back, and its key is for the owner alone") {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("shieldwall-tls-{}", ::getpid());
  std::filesystem::create_directory(folder);
  const auto certificate = (folder / "node.pem").string();
  const auto key = (folder / "node.key").string();
  CHECK(save_identity(system_fs(), certificate, key, identities().server));
  struct stat info{};
  REQUIRE(::stat(key.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto loaded = load_identity(system_fs(), certificate, key);
  REQUIRE(loaded);
  CHECK(loaded->key_pem == identities().server.key_pem);
  CHECK_FALSE(load_identity(system_fs(), key, certificate));
  CHECK(load_identity(system_fs(), (folder / "none").string(), key).error().code == ErrorCode::not_found);
  std::filesystem::remove_all(folder);
}

TEST_CASE("tools get in with TLS 1.3 and 1.2, and with nothing older") {
  TestServer node({.listeners = {tls_listener()}}, echo);
  CHECK(try_tls(node.port(), {}) == "TLSv1.3 GET /x ");
  CHECK(try_tls(node.port(), {.highest = TLS1_2_VERSION}) == "TLSv1.2 GET /x ");
  CHECK(try_tls(node.port(), {.lowest = TLS1_1_VERSION, .highest = TLS1_1_VERSION}).empty());
  CHECK(try_tls(node.port(), {.lowest = TLS1_VERSION, .highest = TLS1_VERSION}).empty());
  // Counted after the client was told.
  for (int i = 0; i < 500 && node.server->counters().handshakes_failed < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(node.server->counters().handshakes_failed == 2);
}

TEST_CASE("clear text to a TLS port, and TLS to a clear one, end without an answer") {
  TestServer node(
      {.listeners = {tls_listener(), ListenerOptions{}}, .limits = {.head_time = milliseconds(100)}}, echo);
  CHECK(status_of(ask(node.port(0), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 0);
  CHECK(try_tls(node.port(1), {}).empty());
}

TEST_CASE("a handshake that stalls ends in time") {
  TestServer node({.listeners = {tls_listener()}, .limits = {.head_time = milliseconds(100)}}, echo);
  RawSocket socket(node.port());
  socket.say("\x16\x03\x01");
  CHECK(socket.hear_all().empty());
  CHECK(node.server->counters().timed_out == 1);
}

TEST_CASE("members get in by the key the roster names, over TLS 1.3 alone") {
  const auto admits = [](const Digest& pin) { return pin == member_pin(); };
  TestServer node({.listeners = {member_listener(admits)}}, [](Request&& request) {
    return Response{.body =
                        request.client_certificate_pin ? request.client_certificate_pin->hex() : "nobody"};
  });
  CHECK(try_tls(node.port(), {.identity = &identities().member}) == "TLSv1.3 " + member_pin().hex());
  CHECK(try_tls(node.port(), {.highest = TLS1_2_VERSION, .identity = &identities().member}).empty());
  CHECK(try_tls(node.port(), {.identity = &identities().stranger}).empty());
  CHECK(try_tls(node.port(), {}).empty());
  ThreadPool pool(1, 1);
  CHECK_FALSE(Server::start(
      {.listeners = {{.role = ListenerRole::members, .tls = identities().server}}}, echo, pool));
}

TEST_CASE("two nodes know each other by pins alone, in both directions") {
  const auto admits = [](const Digest& pin) { return pin == member_pin(); };
  TestServer node({.listeners = {member_listener(admits)}}, echo);
  Client client({});
  PeerTrust trust{.pins = {*pin_of(identities().server.certificate_chain_pem)},
                  .identity = identities().member,
                  .may_be_private = true};
  const auto answer = get(client, node.url("/x", true), std::make_shared<PeerTrust>(trust));
  REQUIRE_MESSAGE(answer, answer.error().message);
  CHECK(answer->body == "GET /x ");
  trust.pins = {member_pin()};
  const auto wrong = get(client, node.url("/x", true), std::make_shared<PeerTrust>(trust));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::unavailable);
  trust.pins.push_back(*pin_of(identities().server.certificate_chain_pem));  // a key being rolled over
  CHECK(get(client, node.url("/x", true), std::make_shared<PeerTrust>(trust)));
  trust.identity = identities().stranger;
  CHECK_FALSE(get(client, node.url("/x", true), std::make_shared<PeerTrust>(trust)));
}

TEST_CASE("the client believes a certificate only from its authority and for the host it asked for") {
  TestServer node({.listeners = {tls_listener()}}, echo);
  Client client({});
  CHECK(get(client, node.url("/x", true)));
  CHECK(get(client, fmt::format("https://localhost:{}/x", node.port())));
  const auto other_ca = std::make_shared<PeerTrust>(
      PeerTrust{.ca_pem = identities().stranger.certificate_chain_pem, .may_be_private = true});
  CHECK_FALSE(get(client, node.url("/x", true), other_ca));
  CHECK_FALSE(
      get(client, node.url("/x", true), std::make_shared<PeerTrust>(PeerTrust{.may_be_private = true})));
  const auto elsewhere = *make_certificate({.common_name = "elsewhere",
                                            .names = {"elsewhere.example"},
                                            .valid_from = system_clock().now() - hours(1)},
                                           identities().authority);
  const auto expired = *make_certificate({.common_name = "localhost",
                                          .names = {"127.0.0.1"},
                                          .valid_from = system_clock().now() - days(3),
                                          .valid_for = days(1)},
                                         identities().authority);
  for (const auto& identity : {elsewhere, expired}) {
    TestServer odd({.listeners = {{.tls = identity}}}, echo);
    const auto answer = get(client, odd.url("/x", true));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
  }
}

TEST_CASE("a listener shows a new certificate without a restart") {
  TestServer node({.listeners = {tls_listener()}}, echo);
  const auto renewed = *make_certificate(
      {.common_name = "localhost", .names = {"127.0.0.1"}, .valid_from = system_clock().now() - hours(1)},
      identities().authority);
  const auto pinned = std::make_shared<PeerTrust>(
      PeerTrust{.pins = {*pin_of(renewed.certificate_chain_pem)}, .may_be_private = true});
  Client client({});
  CHECK_FALSE(get(client, node.url("/x", true), pinned));
  CHECK_FALSE(node.server->replace_identity(0, {.certificate_chain_pem = "no"}));
  CHECK(node.server->replace_identity(0, renewed));
  CHECK(soon([&] { return get(client, node.url("/x", true), pinned).has_value(); }));
}

TEST_CASE("large bodies pass through TLS whole, both ways") {
  std::string large;
  for (int i = 0; large.size() < (3u << 20); ++i) large += fmt::format("{} ", i);
  TestServer node({.listeners = {tls_listener()}},
                  [](Request&& request) { return Response{.body = std::move(request.body)}; });
  Client client({});
  const auto answer =
      client.send(*Url::parse(node.url("/", true)),
                  Request{.method = Method::post, .body = large},
                  {.deadline = Deadline::in(seconds(20), system_clock()), .peer = local_trust()});
  REQUIRE(answer);
  CHECK(answer->body == large);
}
