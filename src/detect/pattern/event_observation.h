#pragma once
// Live events as observations: the fields of a log record become the cyber-observables that patterns ask for
// (STIX 2.1 section 6).

#include "detect/pattern/observation.h"
#include "detect/record.h"

namespace shieldwall::detect {

/// Makes `into` the observation of `record` at `at` (event_time, or when it was read). Known names of fields
/// are those of Zeek, Suricata EVE, ECS and Sysmon:
///   addresses, ports, protocols  network-traffic with src_ref and dst_ref, and ipv4-addr or ipv6-addr
///   names asked for or connected to  domain-name;  host and path  url, and the traffic's http-request-ext
///   hashes and names of files  file;  senders and recipients  email-addr;  commands  process;  users
///   user-account
/// False when no field is known: there is nothing to hold patterns against.
bool observe(const Record& record, Timestamp at, Observation& into);

}  // namespace shieldwall::detect
