#pragma once
// Host names into addresses, and the rule about which of them we may connect to. Only net's own files include
// this.

#include <string>
#include <vector>

#include "base/clock.h"
#include "net/transport.h"

namespace shieldwall::net {

/// The addresses of a host, in the order the system prefers; a literal is its own address.
///   errors  unavailable: no such name, or no answer before `deadline`
Result<std::vector<IpAddress>> resolve(const std::string& host, const Deadline& deadline);

/// Keeps of `addresses` those that anybody on the internet may be, and that are not our own.
///   own     endpoints of our listeners as seen from outside; addresses of this machine's interfaces count as
///   own too errors  denied when none is left, naming the first and what it is
Result<std::vector<IpAddress>> keep_public(const std::string& host,
                                           std::uint16_t port,
                                           const std::vector<IpAddress>& addresses,
                                           const std::vector<Endpoint>& own);

}  // namespace shieldwall::net
