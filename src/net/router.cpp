#include "net/router.hpp"

#include <algorithm>
#include <map>

#include "base/result.hpp"
#include "base/text.hpp"
#include "codec/json.hpp"
#include "net/percent.hpp"

namespace mlean::net {
namespace {

constexpr std::size_t kMaxSegments = 64;

struct Segment {
  std::uint32_t offset;  // in the path as sent
  std::uint32_t size;
  bool decoded;  // then the next two hold, else text is the path's own
  std::uint32_t decoded_offset;
  std::uint32_t decoded_size;
};

bool IsPlain(std::string_view text) {
  bool high = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
    high = high || byte >= 0x80;
  }
  return !high || IsValidUtf8(text);
}

}  // namespace

struct Router::Node {
  struct Child {
    std::string suffix;  // after the capture, "" for none
    std::string name;
    std::unique_ptr<Node> node;
  };

  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::vector<Child> captures;  // longest suffix first
  std::unique_ptr<Node> rest;
  std::string rest_name;
  std::vector<const Route*> routes;

  const Route* RouteFor(std::string_view method) const {
    for (const Route* route : routes) {
      if (route->method == method) return route;
    }
    if (method == "HEAD") return RouteFor("GET");
    return nullptr;
  }
};

// One search of the tree for one path.
struct Router::Walk {
  explicit Walk(Call& walked) : call(walked) {}

  Call& call;
  std::array<Segment, kMaxSegments> segments;  // those below `count` hold; the others are never touched, for speed
  std::size_t count = 0;
  std::vector<std::string_view> allowed;  // methods of the path's leaves that do not have the method asked for
  bool too_long = false;

  // Splits and decodes the path; false: 400.
  bool Split() {
    const std::string_view path = call.path;
    if (!path.starts_with('/')) return false;
    std::size_t at = 0;
    while (at < path.size()) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      if (end > at && !AddSegment(at, end - at)) return false;
      at = end + 1;
    }
    return true;
  }

  bool AddSegment(std::size_t offset, std::size_t size) {
    if (count == kMaxSegments) {  // only a rest can take these; checked all the same
      too_long = true;
      std::string decoded;
      return PercentDecode(call.path.substr(offset, size), decoded) && IsPlain(decoded);
    }
    const std::string_view raw = call.path.substr(offset, size);
    Segment& segment = segments[count++];
    segment = Segment{static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size), false, 0, 0};
    if (raw.find('%') != std::string_view::npos) {
      segment.decoded = true;
      segment.decoded_offset = static_cast<std::uint32_t>(call.decoded_path.size());
      if (!PercentDecode(raw, call.decoded_path)) return false;
      segment.decoded_size = static_cast<std::uint32_t>(call.decoded_path.size()) - segment.decoded_offset;
    }
    return IsPlain(Text(segment));
  }

  std::string_view Text(const Segment& segment) const {
    return segment.decoded ? std::string_view(call.decoded_path).substr(segment.decoded_offset, segment.decoded_size)
                           : call.path.substr(segment.offset, segment.size);
  }

  void Capture(std::string_view name, const Segment& segment, std::size_t suffix_size) {
    Call::Capture& capture = call.captures[call.capture_count++];
    capture.name = name;
    capture.decoded = segment.decoded;
    capture.offset = segment.decoded ? segment.decoded_offset : segment.offset;
    capture.size = (segment.decoded ? segment.decoded_size : segment.size) - static_cast<std::uint32_t>(suffix_size);
  }

  // The rest of the path from segment `from`, decoded as one text.
  void CaptureRest(std::string_view name, std::size_t from) {
    Segment whole{};
    if (from < count) {
      whole.offset = segments[from].offset;
      whole.size = static_cast<std::uint32_t>(call.path.size()) - whole.offset;
      const std::string_view raw = call.path.substr(whole.offset);
      if (raw.find('%') != std::string_view::npos) {
        whole.decoded = true;
        whole.decoded_offset = static_cast<std::uint32_t>(call.decoded_path.size());
        PercentDecode(raw, call.decoded_path);  // sound: every segment was decoded before
        whole.decoded_size = static_cast<std::uint32_t>(call.decoded_path.size()) - whole.decoded_offset;
      }
    }
    Capture(name, whole, 0);
  }

  const Route* Leaf(const Node& node) {
    const Route* const route = node.RouteFor(call.method);
    if (route == nullptr) {
      for (const Route* other : node.routes) allowed.push_back(other->method);
    }
    return route;
  }

  // Depth is bounded by the patterns, which are ours.
  const Route* Find(const Node& node, std::size_t at) {
    if (at == count && !too_long && !node.routes.empty()) {
      if (const Route* route = Leaf(node)) return route;
    }
    if (at < count) {
      const std::string_view text = Text(segments[at]);
      if (const auto fixed = node.fixed.find(text); fixed != node.fixed.end()) {
        if (const Route* route = Find(*fixed->second, at + 1)) return route;
      }
      for (const Node::Child& child : node.captures) {
        if (text.size() <= child.suffix.size() || !text.ends_with(child.suffix)) continue;
        const std::uint8_t before = call.capture_count;
        Capture(child.name, segments[at], child.suffix.size());
        if (const Route* route = Find(*child.node, at + 1)) return route;
        call.capture_count = before;
      }
    }
    if (node.rest) {
      const Route* route = Leaf(*node.rest);
      if (route != nullptr) CaptureRest(node.rest_name, at);
      return route;
    }
    return nullptr;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {
  error_bodies_.emplace_back("", [](int status, std::string_view message, const Call&) {
    std::string body = "{\"error\":";
    codec::AppendJsonString(body, message);
    body += '}';
    return Reply::Json(status, std::move(body));
  });
}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::Add(std::string_view method, std::string_view pattern, RouteOptions options, Handler handler) {
  CHECK_BUG(pattern.starts_with('/') && handler);
  Node* node = root_.get();
  std::size_t captures = 0;
  for (const std::string& part : Split(pattern.substr(1), '/')) {
    if (part.empty()) continue;
    const std::size_t close = part.find('}');
    if (part[0] != '{') {
      CHECK_BUG(part.find_first_of("{}") == std::string::npos);
      std::unique_ptr<Node>& next = node->fixed[part];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
      continue;
    }
    CHECK_BUG(close != std::string::npos && close > 1 && ++captures <= Call::kMaxCaptures);
    const std::string name = part.substr(1, close - 1);
    const std::string suffix = part.substr(close + 1);
    if (name.ends_with("...")) {
      CHECK_BUG(suffix.empty() && pattern.ends_with(part));
      if (!node->rest) node->rest = std::make_unique<Node>();
      node->rest_name = name.substr(0, name.size() - 3);
      node = node->rest.get();
      continue;
    }
    auto child = std::find_if(node->captures.begin(), node->captures.end(),
                              [&](const Node::Child& known) { return known.suffix == suffix && known.name == name; });
    if (child == node->captures.end()) {
      child = std::find_if(node->captures.begin(), node->captures.end(),
                           [&](const Node::Child& known) { return known.suffix.size() < suffix.size(); });
      child = node->captures.insert(child, Node::Child{suffix, name, std::make_unique<Node>()});
    }
    node = child->node.get();
  }
  CHECK_BUG(std::none_of(node->routes.begin(), node->routes.end(), [&](const Route* known) { return known->method == method; }));
  if (options.label.empty()) options.label = pattern;
  routes_.push_back(std::make_unique<Route>(
      Route{std::string(method), std::string(pattern), std::move(options), std::move(handler), routes_.size()}));
  node->routes.push_back(routes_.back().get());
}

void Router::SetErrorBody(std::string_view prefix, ErrorBody body) {
  const auto at = std::find_if(error_bodies_.begin(), error_bodies_.end(),
                               [&](const auto& known) { return known.first.size() <= prefix.size(); });
  error_bodies_.insert(at, {std::string(prefix), std::move(body)});
}

Reply Router::Error(int status, std::string_view message, const Call& call) const {
  for (const auto& [prefix, body] : error_bodies_) {
    if (call.path.starts_with(prefix)) return body(status, message, call);
  }
  return Reply::Text(status, std::string(message));
}

Router::Match Router::Find(Call& call) const {
  Walk walk(call);
  call.capture_count = 0;
  call.decoded_path.clear();
  if (call.method == "OPTIONS" && call.path == "*") return {nullptr, Reply::NoContent()};
  if (!walk.Split() || !IsPercentSound(call.query)) {
    return {nullptr, Error(400, "cannot read request target: wrong percent-encoding, control characters or not UTF-8", call)};
  }
  if (const Route* route = walk.Find(*root_, 0)) return {route, {}};
  if (walk.allowed.empty()) return {nullptr, Error(404, "cannot find '" + std::string(call.path) + "': no such path", call)};

  std::vector<std::string_view>& allowed = walk.allowed;
  if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) allowed.push_back("HEAD");
  allowed.push_back("OPTIONS");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  std::string list;
  for (const std::string_view method : allowed) list.append(list.empty() ? "" : ", ").append(method);
  Reply reply =
      call.method == "OPTIONS"
          ? Reply::NoContent()
          : Error(405, "cannot answer " + std::string(call.method) + " '" + std::string(call.path) + "': allowed are " + list,
                  call);
  return {nullptr, std::move(reply).With("Allow", list)};
}

Reply Router::Handle(Call call) const {
  Match match = Find(call);
  return match.route != nullptr ? match.route->handler(call) : std::move(match.reply);
}

}  // namespace mlean::net
