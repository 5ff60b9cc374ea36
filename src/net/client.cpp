#include "net/client.h"

#include <algorithm>
#include <map>

#include "base/guarded.h"
#include "base/text.h"
#include "net/channel.h"
#include "net/render.h"
#include "net/resolve.h"
#include "net/tls.h"

namespace shieldwall::net {

namespace {

constexpr std::size_t idle_peers_max = 256;  // a large roster; beyond it connections are not kept

/// What a kept connection was proved to be: reusing it under other trust would skip the proof.
std::string trust_key(const PeerTrust& trust) {
  Sha256 hash;
  const auto add = [&](std::string_view part) {
    hash.add(fmt::format("{}:", part.size()));
    hash.add(part);
  };
  add(trust.ca_pem);
  for (const auto& pin : trust.pins) add(pin.view());
  add(trust.identity ? trust.identity->certificate_chain_pem + trust.identity->key_pem : "");
  return hash.finish().hex();
}

bool may_send_again(Method method) {
  return method != Method::post && method != Method::patch;
}

/// Endpoints from "192.0.2.1:443" and "[2001:db8::1]:443"; what does not parse names nobody.
std::vector<Endpoint> read_endpoints(const std::vector<std::string>& texts) {
  std::vector<Endpoint> endpoints;
  for (const auto& text : texts) {
    const auto url = Url::parse("http://" + text);
    const auto address =
        url ? IpAddress::parse(url->host) : Result<IpAddress>(fail(ErrorCode::invalid, "no URL"));
    if (address) endpoints.push_back({*address, url->port});
  }
  return endpoints;
}

}  // namespace

struct Client::State {
  struct Idle {
    Channel channel;
    Duration since;
  };

  ClientOptions options;
  const Clock& clock;
  std::vector<Endpoint> own;
  PeerTrust strangers{};
  Guarded<std::map<std::string, std::vector<Idle>>> idle{};
  Guarded<std::map<std::string, TlsContext>> contexts{};

  Result<TlsContext> context_of(const PeerTrust& trust, const std::string& key) {
    const auto known = contexts.with([&](auto& all) {
      const auto found = all.find(key);
      return found == all.end() ? TlsContext() : found->second;
    });
    if (known) return known;
    auto made = TRY(client_context(trust));
    contexts.with([&](auto& all) { all[key] = made; });
    return made;
  }

  std::optional<Channel> take_idle(const std::string& key) {
    const auto now = clock.steady();
    for (;;) {
      auto found = idle.with([&](auto& all) -> std::optional<Idle> {
        const auto entry = all.find(key);
        if (entry == all.end()) return std::nullopt;
        auto last = std::move(entry->second.back());
        entry->second.pop_back();
        if (entry->second.empty()) all.erase(entry);
        return last;
      });
      if (!found) return std::nullopt;
      const bool fresh = Duration{now.us - found->since.us} < options.idle_time;
      if (fresh && found->channel.is_quiet()) return std::move(found->channel);
    }
  }

  void keep(const std::string& key, Channel channel) {
    idle.with([&](auto& all) {
      if (all.size() >= idle_peers_max && !all.contains(key)) return;
      auto& mine = all[key];
      if (mine.size() >= options.idle_per_peer) mine.erase(mine.begin());
      mine.push_back({std::move(channel), clock.steady()});
    });
  }

  bool is_allowed(const Url& url, const PeerTrust& trust) const {
    const auto names_it = [&](const std::string& name) {
      const auto lower = to_lower_ascii(name);
      return lower == url.host || lower == url.host_field() ||
             lower == fmt::format("{}:{}", url.host, url.port);
    };
    return trust.may_be_private || std::ranges::any_of(options.allowed_hosts, names_it);
  }

  /// The addresses that may be connected to for `url`: resolved once, checked, and used as they are.
  Result<std::vector<Endpoint>> endpoints_for(const Url& url,
                                              const PeerTrust& trust,
                                              const Deadline& deadline) const {
    auto addresses = TRY(resolve(url.host, deadline));
    if (!is_allowed(url, trust)) addresses = TRY(keep_public(url.host, url.port, addresses, own));
    std::vector<Endpoint> endpoints;
    for (const auto& address : addresses) endpoints.push_back({address, url.port});
    return endpoints;
  }

  /// A proxy resolves names itself, so only what the URL says openly can be judged here.
  Result<Channel> connect_by_proxy(const Url& url, const PeerTrust& trust, const Deadline& deadline) const {
    const auto literal = IpAddress::parse(url.host);
    const bool local_name =
        url.host == "localhost" || url.host.ends_with(".localhost") || url.host.ends_with(".internal");
    if (!is_allowed(url, trust) && local_name)
      return fail(ErrorCode::denied, "{} names this machine or network", url.host);
    if (!is_allowed(url, trust) && literal) TRY(keep_public(url.host, url.port, {*literal}, own));
    std::vector<Endpoint> endpoints;
    for (const auto& address : TRY(resolve(options.proxy->host, deadline)))
      endpoints.push_back({address, options.proxy->port});
    auto channel = TRY(Channel::connect(endpoints, deadline));
    if (!url.secure) return channel;
    const auto name = url.host.contains(':') ? "[" + url.host + "]" : url.host;
    const auto head = fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n\r\n", name, url.port);
    // The tunnel begins where the answer's head ends, as with the answer to HEAD.
    const auto tunnel = TRY(channel.exchange(head, {}, Method::head, {}, deadline));
    if (tunnel.response.status / 100 != 2)
      return fail(ErrorCode::unavailable, "the proxy answered {} for {}", tunnel.response.status, name);
    return channel;
  }

  Result<Channel> connect(const Url& url,
                          const PeerTrust& trust,
                          const std::string& key,
                          const Deadline& whole) {
    const auto deadline = Deadline::in(std::min(options.connect_time, whole.left()), clock);
    if (!options.local_socket.empty()) return Channel::connect_unix(options.local_socket, deadline);
    const auto dial = [&]() -> Result<Channel> {
      if (options.proxy) return connect_by_proxy(url, trust, deadline);
      const auto endpoints = TRY(endpoints_for(url, trust, deadline));
      return Channel::connect(endpoints, deadline);
    };
    auto channel = TRY(dial());
    if (url.secure) {
      const auto context = TRY(context_of(trust, key));
      TRY(channel.secure(context, url.host, deadline));
    }
    return channel;
  }
};

Client::Client(ClientOptions options, const Clock& clock)
    : state_(new State{.options = std::move(options), .clock = clock, .own = {}}) {
  state_->own = read_endpoints(state_->options.own_addresses);
}

Client::~Client() = default;

Result<Response> Client::send(const Url& url, Request request, const SendOptions& options) {
  const auto& trust = options.peer ? *options.peer : state_->strangers;
  auto time = options.deadline.left();
  if (time >= Deadline::none().left()) time = state_->options.exchange_time;
  const auto deadline = Deadline::in(time, state_->clock);
  const auto trusted = trust_key(trust);
  const auto key = url.origin() + " " + trusted + (state_->is_allowed(url, trust) ? " allowed" : "");
  const bool absolute = state_->options.proxy && !url.secure && state_->options.local_socket.empty();
  const auto head = TRY(render_head(request, url, absolute));
  auto channel = state_->take_idle(key);
  const bool reused = channel.has_value();
  if (!reused) {
    auto fresh = state_->connect(url, trust, trusted, deadline);
    if (!fresh) return fail(std::move(fresh).error().within(url.origin()));
    channel.emplace(std::move(*fresh));
  }
  auto outcome = channel->exchange(head, request.body, request.method, options, deadline);
  if (!outcome && reused && !channel->heard_something() && may_send_again(request.method) &&
      !deadline.passed()) {
    // The peer hung up on an idle connection just as we used it.
    auto fresh = state_->connect(url, trust, trusted, deadline);
    if (!fresh) return fail(std::move(fresh).error().within(url.origin()));
    channel.emplace(std::move(*fresh));
    outcome = channel->exchange(head, request.body, request.method, options, deadline);
  }
  if (!outcome) return fail(std::move(outcome).error().within(url.origin()));
  if (outcome->reusable) state_->keep(key, std::move(*channel));
  return std::move(outcome->response);
}

}  // namespace shieldwall::net
