#include "model/canonical.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "model/address.h"
#include "model/canonical_parts.h"

using namespace shieldwall;
using namespace shieldwall::model;

namespace {

/// "kind text" of the canonical form, or the reason there is none; checks idempotence on the way.
std::string form(ValueKind kind, std::string_view text) {
  const auto value = canonical(kind, text);
  if (!value) return "invalid: " + value.error().message;
  const auto again = canonical(kind, value->text);
  REQUIRE(again);
  CHECK(*again == *value);
  CHECK(canonical(value->kind, value->text) == *value);
  return std::string(name_of(value->kind)) + " " + value->text;
}

bool refused(ValueKind kind, std::string_view text) {
  return form(kind, text).starts_with("invalid");
}

}  // namespace

TEST_CASE("every spelling of an IPv6 address becomes the one of RFC 5952") {
  const auto* const one = "ipv6 2001:db8::1";
  for (const auto* text :
       {"2001:db8::1", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1", "2001:db8:0000::0001", "2001[:]db8::1"})
    CHECK(form(ValueKind::ipv6, text) == one);
  CHECK(form(ValueKind::ipv6, "::") == "ipv6 ::");
  CHECK(form(ValueKind::ipv6, "1::") == "ipv6 1::");
  CHECK(form(ValueKind::ipv6, "0:0:1:0:0:0:1:0") == "ipv6 0:0:1::1:0");
  CHECK(form(ValueKind::ipv6, "1:0:2:0:3:0:4:0") == "ipv6 1:0:2:0:3:0:4:0");
  CHECK(form(ValueKind::ipv6, "1:0:0:2:2:0:0:3") == "ipv6 1::2:2:0:0:3");
  CHECK(form(ValueKind::ipv6, "64:ff9b::192.0.2.33") == "ipv6 64:ff9b::c000:221");
}

TEST_CASE("what is no IPv6 address is refused") {
  for (const auto* text : {":",
                           ":::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "::1:",
                           ":1::",
                           "::g",
                           "1:2:3:4:5:6:7::8:9",
                           "::1.2.3",
                           "1.2.3.4::",
                           "fe80::1%eth0",
                           "::1.2.3.4:5"})
    CHECK_MESSAGE(refused(ValueKind::ipv6, text), text);
}

TEST_CASE("a mapped IPv4 address is the IPv4 address") {
  CHECK(form(ValueKind::ipv6, "::ffff:192.0.2.1") == "ipv4 192.0.2.1");
  CHECK(form(ValueKind::ipv6, "::FFFF:c000:0201") == "ipv4 192.0.2.1");
  CHECK(form(ValueKind::ipv4, "::ffff:192.0.2.1") == "ipv4 192.0.2.1");
  CHECK(form(ValueKind::ipv6_cidr, "::ffff:192.0.2.1/120") == "ipv4_cidr 192.0.2.0/24");
  CHECK(form(ValueKind::ipv4, "2001:db8::1") == "invalid: '2001:db8::1' is IPv6, not IPv4");
}

TEST_CASE(
    "an IPv4 address is four plain decimal numbers; what others read as octal is refused with that reason") {
  CHECK(form(ValueKind::ipv4, " 192.0.2.1\n") == "ipv4 192.0.2.1");
  CHECK(form(ValueKind::ipv4, "192[.]0[.]2(.)1") == "ipv4 192.0.2.1");
  CHECK(form(ValueKind::ipv4, "192.0.02.1").find("leading zero") != std::string::npos);
  for (const auto* text :
       {"192.0.2", "192.0.2.256", "192.0.2.1.", ".192.0.2.1", "0xc0.0.2.1", "1.2.3.4.5", "1..2.3", ""})
    CHECK_MESSAGE(refused(ValueKind::ipv4, text), text);
}

TEST_CASE("a network has its host bits masked, and of one address is that address") {
  CHECK(form(ValueKind::ipv4_cidr, "192.0.2.77/24") == "ipv4_cidr 192.0.2.0/24");
  CHECK(form(ValueKind::ipv4_cidr, "192.0.2.77/32") == "ipv4 192.0.2.77");
  CHECK(form(ValueKind::ipv4, "10.0.0.1/8") == "ipv4_cidr 10.0.0.0/8");
  CHECK(form(ValueKind::ipv6_cidr, "2001:db8:ffff::1/33") == "ipv6_cidr 2001:db8:8000::/33");
  CHECK(form(ValueKind::ipv6_cidr, "2001:db8::1/128") == "ipv6 2001:db8::1");
  CHECK(form(ValueKind::ipv4_cidr, "1.2.3.4/0") == "ipv4_cidr 0.0.0.0/0");
  for (const auto* text :
       {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/08", "192.0.2.0/8x", "::/129"})
    CHECK_MESSAGE(refused(ValueKind::ipv6_cidr, text), text);
}

TEST_CASE("of an address as many bits stay as a network has") {
  for (int bits = 0; bits <= 128; ++bits) {
    Address address, first;
    address.bytes.fill(0xff);
    for (int bit = 0; bit < bits; ++bit)
      first.bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    CHECK_MESSAGE(masked(address, bits) == first, bits);
  }
}

TEST_CASE("a network holds exactly the addresses between its first and its last") {
  const auto network = *parse_network("192.0.2.0/29");
  CHECK(network.holds(*parse_address("192.0.2.0")));
  CHECK(network.holds(*parse_address("::ffff:192.0.2.7")));
  CHECK_FALSE(network.holds(*parse_address("192.0.2.8")));
  CHECK_FALSE(network.holds(*parse_address("192.0.1.255")));
}

TEST_CASE("a domain is lower-case A-labels without the trailing dot") {
  CHECK(form(ValueKind::domain, "Evil.Example.") == "domain evil.example");
  CHECK(form(ValueKind::domain, "evil[.]example") == "domain evil.example");
  CHECK(form(ValueKind::domain, "evil (dot) example").starts_with("invalid"));
  CHECK(form(ValueKind::domain, "evil(DOT)example") == "domain evil.example");
  CHECK(form(ValueKind::domain, "bücher.example") == "domain xn--bcher-kva.example");
  CHECK(form(ValueKind::domain, "BÜCHER。example") == "domain xn--bcher-kva.example");
  CHECK(form(ValueKind::domain, "faß.example") == "domain xn--fa-hia.example");
  CHECK(form(ValueKind::domain, "_dmarc.example.com") == "domain _dmarc.example.com");
  CHECK(form(ValueKind::domain, std::string(63, 'a') + ".example") ==
        "domain " + std::string(63, 'a') + ".example");
}

TEST_CASE("what is no domain name is refused, single labels too") {
  for (const std::string& text : {std::string("com"),
                                  std::string("localhost."),
                                  std::string("a..b"),
                                  std::string(".a.b"),
                                  std::string("a b.example"),
                                  std::string("1.2.3.256"),
                                  std::string("a.0x7f"),
                                  std::string(64, 'a') + ".example",
                                  std::string("a/b.example"),
                                  std::string("."),
                                  std::string("a\0b.example", 11),
                                  std::string("\xff.example")})
    CHECK_MESSAGE(refused(ValueKind::domain, text), text);
  std::string longest;
  while (longest.size() < 254) longest += "aa.";
  CHECK(refused(ValueKind::domain, longest + "example"));
  CHECK(canonical_domain("localhost", SingleLabel::take) == "localhost");
}

TEST_CASE("a URL is normalised as RFC 3986 section 6.2 says") {
  const auto url = [](std::string_view text) { return form(ValueKind::url, text); };
  CHECK(url("HTTP://EVIL.example") == "url http://evil.example/");
  CHECK(url("http://evil.example:80/%7Euser/%2e%2E/a/./b?q=%3a%2F#top") ==
        "url http://evil.example/a/b?q=%3A%2F");
  CHECK(url("https://evil.example:443") == "url https://evil.example/");
  CHECK(url("https://evil.example:8443/") == "url https://evil.example:8443/");
  CHECK(url("http://evil.example:/x") == "url http://evil.example/x");
  CHECK(url("http://evil.example?q") == "url http://evil.example/?q");
  CHECK(url("hxxps://evil[.]example/a[.]php") == "url https://evil.example/a.php");
  CHECK(url("hxxp[://]evil(dot)example") == "url http://evil.example/");
  CHECK(url("http://[2001:DB8:0::1]:8080/x") == "url http://[2001:db8::1]:8080/x");
  CHECK(url("http://[::ffff:192.0.2.1]/") == "url http://192.0.2.1/");
  CHECK(url("http://bücher.example/ü x") == "url http://xn--bcher-kva.example/%C3%BC%20x");
  CHECK(url("http://%65vil.example./") == "url http://evil.example/");
  CHECK(url("http://paypal.com:x@evil.example/") == "url http://paypal.com:x@evil.example/");
  CHECK(url("http://intranet/") == "url http://intranet/");
  CHECK(url("http://h.example/100%") == "url http://h.example/100%25");
  CHECK(url("http://h.example/..") == "url http://h.example/");
  CHECK(url("http://h.example/a/b/..") == "url http://h.example/a/");
  CHECK(url("http://h.example/a(%2E)b") == "url http://h.example/a.b");
  CHECK(url("file:///C:/x") == "url file:///C:/x");
}

TEST_CASE("what is no URL is refused") {
  for (const auto* text : {"evil.example/x",
                           "http://",
                           "http:///x",
                           "http://a b/",
                           "://x",
                           "1http://x.example/",
                           "http://x.example:99999/",
                           "http://x.example:8o/",
                           "http://[::1/",
                           "http://[zz]/",
                           "http://1.2.3/",
                           "mailto:a@b.example"})
    CHECK_MESSAGE(refused(ValueKind::url, text), text);
}

TEST_CASE("hashes are known by their length and written in lower case") {
  const std::string digits(128, 'A');
  CHECK(form(ValueKind::md5, digits.substr(0, 32)) == "md5 " + std::string(32, 'a'));
  CHECK(refused(ValueKind::sha1, digits.substr(0, 32)));
  CHECK(refused(ValueKind::sha256, digits.substr(0, 63) + "g"));
  CHECK(canonical_guess(digits.substr(0, 40))->kind == ValueKind::sha1);
  CHECK(canonical_guess(digits.substr(0, 64))->kind == ValueKind::sha256);
  CHECK(canonical_guess(digits)->kind == ValueKind::sha512);
}

TEST_CASE("an e-mail address is lower case with its domain as a domain") {
  CHECK(form(ValueKind::email, "Mailto:J.Doe@Evil.Example.") == "email j.doe@evil.example");
  CHECK(form(ValueKind::email, "j.doe[at]evil[dot]example") == "email j.doe@evil.example");
  for (const auto* text : {"@evil.example", "a@", "a@host", "a b@evil.example", "<a@evil.example>", "plain"})
    CHECK_MESSAGE(refused(ValueKind::email, text), text);
}

TEST_CASE("file names and Windows paths meet whatever their case, other paths keep it") {
  CHECK(form(ValueKind::file_name, "C:\\Temp\\Evil.EXE") == "file_name evil.exe");
  CHECK(form(ValueKind::file_name, "ÜBUNG.pdf") == "file_name übung.pdf");
  CHECK(form(ValueKind::file_path, "C:\\Temp\\\\Evil.EXE") == "file_path c:/temp/evil.exe");
  CHECK(form(ValueKind::file_path, "\\\\Server\\Share\\") == "file_path //server/share");
  CHECK(form(ValueKind::file_path, "/tmp//A/") == "file_path /tmp/A");
  CHECK(refused(ValueKind::file_name, "dir/"));
}

TEST_CASE("registry keys, MAC addresses, autonomous systems and serial numbers have one spelling") {
  CHECK(form(ValueKind::registry_key, "HKLM\\Software\\\\Run\\") ==
        "registry_key hkey_local_machine\\software\\run");
  CHECK(form(ValueKind::registry_key, "\\REGISTRY\\MACHINE\\Software") ==
        "registry_key hkey_local_machine\\software");
  CHECK(form(ValueKind::mac, "00-1A-2b-3c-4d-5e") == "mac 00:1a:2b:3c:4d:5e");
  CHECK(form(ValueKind::mac, "001a.2b3c.4d5e") == "mac 00:1a:2b:3c:4d:5e");
  CHECK(form(ValueKind::asn, "AS64500") == "asn 64500");
  CHECK(form(ValueKind::asn, "1.10") == "asn 65546");
  CHECK(refused(ValueKind::asn, "AS4294967296"));
  CHECK(form(ValueKind::cert_serial, "00:0B:1D") == "cert_serial b1d");
  CHECK(form(ValueKind::ja4, "T13d1516h2_8daaf6152771_b186095e22b6") ==
        "ja4 t13d1516h2_8daaf6152771_b186095e22b6");
}

TEST_CASE("a bare value is guessed in the order address, network, URL, hash, e-mail, domain") {
  const auto guessed = [](std::string_view text) {
    const auto value = canonical_guess(text);
    return value ? name_of(value->kind) : std::string_view("none");
  };
  CHECK(guessed("192.0.2.1") == "ipv4");
  CHECK(guessed("192.0.2.1/24") == "ipv4_cidr");
  CHECK(guessed("::1") == "ipv6");
  CHECK(guessed("hxxp://192.0.2.1/x") == "url");
  CHECK(guessed("evil[.]example") == "domain");
  CHECK(guessed("a@evil.example") == "email");
  CHECK(guessed("evil") == "none");
  CHECK(guessed("") == "none");
}

TEST_CASE("kinds have names, and names kinds") {
  for (int number = 1; number <= 21; ++number) {
    const auto kind = static_cast<ValueKind>(number);
    CHECK(value_kind_named(name_of(kind)) == kind);
  }
  CHECK_FALSE(value_kind_named("unknown"));
}

TEST_CASE("a value that is too long, or holds a NUL, is refused as every kind") {
  for (int number = 1; number <= 21; ++number) {
    const auto kind = static_cast<ValueKind>(number);
    CHECK_FALSE(canonical(kind, std::string(value_bytes_max + 1, 'a')));
    CHECK_FALSE(canonical(kind, std::string_view("a\0b", 3)));
  }
}
