#pragma once
// What an asker wants to have after it learned that it is held: one row for the owner's people, who decide.

#include <string>
#include <vector>

#include "api/call.h"

namespace shieldwall::exchange::ask {

inline constexpr Duration requests_kept = days(90);
inline constexpr int requests_listed_max = 1'000;

struct Request {
  OrganisationId by{};                 // who asks
  std::string name{};                  // of its account
  std::string value{};                 // "domain:evil.example": known to the owner from now on
  std::vector<std::string> objects{};  // ids of the owner's objects that hold it
  Timestamp at{};
};

/// Keeps it for the organisation that owns the objects. errors: as Records
Done keep_request(api::Services& services, const OrganisationId& owner, const Request& request);

/// The newest last. errors: corrupt
Result<std::vector<Request>> requests_to(store::Records& records, const OrganisationId& owner);

Bytes encode(const Request& request);
Result<Request> decode_request(std::string_view row);

}  // namespace shieldwall::exchange::ask
