#pragma once
// The TAXII 2.1 door: its routes, and how it tells errors; and the routes of feeds, by which foreign
// collections come in.

#include <span>
#include <string>
#include <string_view>

#include "api/route.h"

namespace shieldwall::exchange {

/// What the discovery resource says of the server (TAXII 2.1 section 4.1). The node puts its own on the shelf
/// before it serves.
struct TaxiiNames {
  std::string title = "Shieldwall";
  std::string description = "What the members of an alliance share here, to each what was released to it.";
  std::string contact{};  // empty: not told
};

/// Rows of dialect taxii, "/taxii2/" and "/{root}/...", and of dialect api, "/api/v1/feeds...".
std::span<const api::Route> taxii_routes();

/// The TAXII error message (section 3.6) for the status that the error's code maps to.
api::Response taxii_error(const Error& error);
/// The same for a status that no code stands for: 401, 405, 406, 413, 415, 422. `description` says what to
/// do.
api::Response taxii_error(int status, std::string_view description);

}  // namespace shieldwall::exchange
