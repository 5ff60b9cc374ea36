// Every way into the node, in one list. A door that is not here does not exist.

#include "exchange/ask/ask.h"
#include "exchange/federation/operator_routes.h"
#include "exchange/federation/proposing.h"
#include "exchange/taxii/taxii.h"
#include "library/feed/feed_routes.h"
#include "library/library.h"
#include "library/value_routes.h"
#include "server/parts.h"

namespace shieldwall::server {

std::vector<api::Route> all_routes() {
  std::vector<api::Route> all;
  for (const auto rows : {node_routes(),
                          session_routes(),
                          account_routes(),
                          key_routes(),
                          circle_routes(),
                          member_routes(),
                          api_root_routes(),
                          log_routes(),
                          witness_routes(),
                          library::routes(),
                          library::value_routes(),
                          library::feed_routes(),
                          library::control_value_routes(),
                          library::never_block_routes(),
                          library::fetch_routes(),
                          exchange::ask_routes(),
                          exchange::federation::alliance_routes(),
                          exchange::federation::own_node_routes(),
                          exchange::federation::other_member_routes(),
                          exchange::federation::recall_routes(),
                          exchange::federation::proposal_routes(),
                          exchange::federation::member_ask_routes(),
                          exchange::federation::carry_routes(),
                          exchange::federation::reconcile_routes(),
                          exchange::federation::federation_routes(),
                          exchange::taxii_routes()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

}  // namespace shieldwall::server
