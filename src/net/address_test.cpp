// IP addresses, and which of them are public.
#include "net/address.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace shieldwall;
using namespace shieldwall::net;

TEST_CASE("addresses outside the public internet are known by what they are") {
  const std::vector<std::pair<std::string, std::string>> known = {
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"10.0.0.1", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.1", "carrier-shared"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.0.1", "private"},
      {"192.0.2.1", "documentation"},
      {"198.18.0.1", "benchmarking"},
      {"224.0.0.1", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "reserved"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"fe80::1", "link-local"},
      {"fec0::1", "private"},
      {"fc00::1", "private"},
      {"fd00:ec2::254", "private"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "documentation"},
      {"2001::1", "protocol-assigned"},
      {"64:ff9b:1::1", "local NAT64"},
      {"100::1", "discard-only"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:a00:1", "private"},
      {"::127.0.0.1", "loopback"},
      {"64:ff9b::10.0.0.1", "private"},
      {"64:ff9b::7f00:1", "loopback"},
      {"2002:7f00:1::", "loopback"},
      {"2002:a9fe:a9fe::1", "link-local"},
      {"4000::1", "unassigned"},
      {"0:0:0:0:0:ffff:c0a8:1", "private"},
  };
  for (const auto& [text, what] : known) {
    CAPTURE(text);
    const auto address = IpAddress::parse(text);
    REQUIRE(address);
    CHECK(why_not_public(*address) == what);
  }
}

TEST_CASE("addresses on the public internet are let through, also beside a special block") {
  for (const std::string text : {"1.1.1.1",
                                 "9.255.255.255",
                                 "11.0.0.0",
                                 "100.63.255.255",
                                 "100.128.0.0",
                                 "126.255.255.255",
                                 "128.0.0.0",
                                 "169.253.255.255",
                                 "169.255.0.0",
                                 "172.15.255.255",
                                 "172.32.0.0",
                                 "192.167.255.255",
                                 "192.169.0.0",
                                 "223.255.255.255",
                                 "2606:4700::1111",
                                 "2a00::1",
                                 "::ffff:8.8.8.8",
                                 "64:ff9b::808:808",
                                 "2002:808:808::"}) {
    CAPTURE(text);
    CHECK(why_not_public(*IpAddress::parse(text)) == "");
  }
}

TEST_CASE("odd spellings are no IP addresses") {
  for (const std::string text : {"",
                                 "1",
                                 "127.1",
                                 "0177.0.0.1",
                                 "127.0.0.01",
                                 "127.00.0.1",
                                 "0x7f.0.0.1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "256.1.1.1",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "[::1]",
                                 "::1%lo",
                                 "fe80::1%eth0",
                                 ":::1",
                                 "1:2:3"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(std::string("127.0.0.1\0.example", 18)));
}

TEST_CASE("neighbours in one IPv6 network count as one caller, IPv4 addresses each as one") {
  CHECK(IpAddress::parse("2001:db8::1")->subscriber() == IpAddress::parse("2001:db8::ffff")->subscriber());
  CHECK(IpAddress::parse("2001:db8:0:1::1")->subscriber() != IpAddress::parse("2001:db8::1")->subscriber());
  CHECK(IpAddress::parse("192.0.2.1")->subscriber() != IpAddress::parse("192.0.2.2")->subscriber());
}
