// The drawing of `dag` on a terminal, by the usual four steps for layered graphs: layers by longest path, dummy places where an
// edge crosses a layer, order within layers by barycentre, places by least squares under a least distance.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "metrics/dag.hpp"
#include "metrics/dag_parts.hpp"
#include "metrics/table.hpp"

namespace mlean::metrics {

namespace {

constexpr std::size_t kMaxCells = 4'000'000;
constexpr std::size_t kMaxPlaces = 20'000;  // boxes and dummies of one part
constexpr int kBoxHeight = 3;
constexpr int kGap = 3;    // rows between layers
constexpr int kSpace = 4;  // columns between boxes
constexpr int kSweeps = 6;

// A box, or a dummy of width 1 where an edge passes a layer.
struct Place {
  std::size_t node = 0;  // index into the graph; of a dummy unused
  bool dummy = false;
  int layer = 0;
  int width = 1;
  double x = 0;                    // centre
  std::vector<std::size_t> above;  // neighbours one layer up: what it depends on
  std::vector<std::size_t> below;
};

class Part {
 public:
  // `edges` of places: dependency, dependent.
  Part(const DagGraph& graph, const std::vector<std::size_t>& nodes, std::vector<std::pair<std::size_t, std::size_t>> edges)
      : graph_(graph), edges_(std::move(edges)) {
    for (const std::size_t node : nodes) {
      Place& box = places_.emplace_back();
      box.node = node;
      box.width = std::max(DisplayWidth(graph.nodes[node]), 0) + 4;
    }
  }

  std::string Draw() {
    AssignLayers();
    if (!AddDummies()) return List();
    Order();
    Arrange();
    return Paint();
  }

 private:
  // Longest path from what depends on nothing; then those move down to just above their first user. A cycle (there is none in a
  // graph of stages) would leave its nodes on layer 0.
  void AssignLayers() {
    std::vector<std::vector<std::size_t>> users(places_.size());
    std::vector<std::size_t> missing(places_.size(), 0), ready;
    for (const auto& [from, to] : edges_) {
      users[from].push_back(to);
      ++missing[to];
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (missing[i] == 0) ready.push_back(i);
    }
    const std::vector<std::size_t> sources = ready;
    while (!ready.empty()) {
      const std::size_t at = ready.back();
      ready.pop_back();
      for (const std::size_t user : users[at]) {
        places_[user].layer = std::max(places_[user].layer, places_[at].layer + 1);
        if (--missing[user] == 0) ready.push_back(user);
      }
    }
    for (const std::size_t source : sources) {
      int first = INT32_MAX;
      for (const std::size_t user : users[source]) first = std::min(first, places_[user].layer);
      if (first != INT32_MAX) places_[source].layer = std::max(first - 1, 0);
    }
  }

  // Splits every edge into steps of one layer; false when that takes too many places.
  bool AddDummies() {
    for (const auto& [from, to] : edges_) {
      std::size_t last = from;
      for (int layer = places_[from].layer + 1; layer < places_[to].layer; ++layer) {
        if (places_.size() >= kMaxPlaces) return false;
        Place& dummy = places_.emplace_back();
        dummy.dummy = true;
        dummy.layer = layer;
        Link(last, places_.size() - 1);
        last = places_.size() - 1;
      }
      if (places_[last].layer < places_[to].layer) Link(last, to);
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto layer = static_cast<std::size_t>(places_[i].layer);
      if (layers_.size() <= layer) layers_.resize(layer + 1);
      layers_[layer].push_back(i);
    }
    return true;
  }

  void Link(std::size_t upper, std::size_t lower) {
    places_[upper].below.push_back(lower);
    places_[lower].above.push_back(upper);
  }

  void Order() {
    std::vector<double> rank(places_.size());
    const auto number = [&](const std::vector<std::size_t>& layer) {
      for (std::size_t i = 0; i < layer.size(); ++i) rank[layer[i]] = static_cast<double>(i);
    };
    for (const auto& layer : layers_) number(layer);
    std::vector<double> centre(places_.size());
    const auto sort_layer = [&](std::vector<std::size_t>& layer, std::vector<std::size_t> Place::*side) {
      for (const std::size_t at : layer) {
        const std::vector<std::size_t>& others = places_[at].*side;
        double sum = 0;
        for (const std::size_t other : others) sum += rank[other];
        centre[at] = others.empty() ? rank[at] : sum / static_cast<double>(others.size());
      }
      std::stable_sort(layer.begin(), layer.end(), [&](std::size_t a, std::size_t b) { return centre[a] < centre[b]; });
      number(layer);
    };
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t i = 1; i < layers_.size(); ++i) sort_layer(layers_[i], &Place::above);
      for (std::size_t i = layers_.size(); i-- > 1;) sort_layer(layers_[i - 1], &Place::below);
    }
  }

  double Distance(std::size_t left, std::size_t right) const {
    return (places_[left].width + places_[right].width) / 2.0 + kSpace;
  }

  // Puts the places of a layer as near to `wish` as their order and distance allow: pools neighbours that want to overlap.
  void Settle(const std::vector<std::size_t>& layer, const std::vector<double>& wish) {
    struct Pool {
      double sum;
      std::size_t count;
      double Mean() const { return sum / static_cast<double>(count); }
    };
    std::vector<Pool> pools;
    std::vector<double> offset(layer.size(), 0);
    for (std::size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) offset[i] = offset[i - 1] + Distance(layer[i - 1], layer[i]);
      pools.push_back({wish[i] - offset[i], 1});
      while (pools.size() > 1 && pools[pools.size() - 2].Mean() > pools.back().Mean()) {
        const Pool last = pools.back();
        pools.pop_back();
        pools.back() = {pools.back().sum + last.sum, pools.back().count + last.count};
      }
    }
    std::size_t i = 0;
    for (const Pool& pool : pools) {
      for (std::size_t k = 0; k < pool.count; ++k, ++i) places_[layer[i]].x = pool.Mean() + offset[i];
    }
  }

  void Arrange() {
    for (const auto& layer : layers_) Settle(layer, std::vector<double>(layer.size(), 0));
    const auto follow = [&](const std::vector<std::size_t>& layer, std::vector<std::size_t> Place::*side) {
      std::vector<double> wish;
      for (const std::size_t at : layer) {
        const std::vector<std::size_t>& others = places_[at].*side;
        double sum = 0;
        for (const std::size_t other : others) sum += places_[other].x;
        wish.push_back(others.empty() ? places_[at].x : sum / static_cast<double>(others.size()));
      }
      Settle(layer, wish);
    };
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t i = 1; i < layers_.size(); ++i) follow(layers_[i], &Place::above);
      for (std::size_t i = layers_.size(); i-- > 1;) follow(layers_[i - 1], &Place::below);
    }
  }

  static int Top(int layer) { return layer * (kBoxHeight + kGap); }
  int Left(const Place& place) const { return static_cast<int>(std::floor(place.x - place.width / 2.0 - left_ + 0.5)); }
  int Centre(const Place& place) const { return Left(place) + place.width / 2; }

  std::string Paint() {
    double right = 0;
    left_ = places_[0].x;
    for (const Place& place : places_) {
      left_ = std::min(left_, place.x - place.width / 2.0);
      right = std::max(right, place.x + place.width / 2.0);
    }
    const auto columns = static_cast<std::size_t>(std::ceil(right - left_)) + 2;
    const auto rows = static_cast<std::size_t>(Top(static_cast<int>(layers_.size()) - 1) + kBoxHeight);
    if (rows * columns > kMaxCells) return List();
    canvas_.assign(rows, std::string(columns, ' '));
    for (const Place& place : places_) {
      const int x = Centre(place);
      if (place.dummy) Line(x, Top(place.layer), x, Top(place.layer) + kBoxHeight - 1);
      for (const std::size_t below : place.below) {
        Line(x, Top(place.layer) + kBoxHeight, Centre(places_[below]), Top(places_[below].layer) - 1);
      }
    }
    for (const Place& place : places_) {
      if (!place.dummy) Box(place);
    }
    WriteLabels();
    std::string out;
    for (const std::string& line : canvas_) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    out.pop_back();
    return out;
  }

  // Rows go down; in a row the stars reach half-way to the points above and below, so that flat lines stay joined.
  void Line(int x0, int y0, int x1, int y1) {
    const auto at = [&](double y) {
      return static_cast<int>(std::lround(x0 + (x1 - x0) * std::clamp((y - y0) / std::max(y1 - y0, 1), 0.0, 1.0)));
    };
    for (int y = y0; y <= y1; ++y) {
      int from = at(y - 0.49), to = at(y + 0.49);
      if (from > to) std::swap(from, to);
      if (to - from <= 2) from = to = at(y);
      for (int x = from; x <= to; ++x) canvas_[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = '*';
    }
  }

  void Box(const Place& place) {
    const auto left = static_cast<std::size_t>(Left(place)), top = static_cast<std::size_t>(Top(place.layer));
    const auto inner = static_cast<std::size_t>(place.width) - 2;
    canvas_[top].replace(left, inner + 2, "+" + std::string(inner, '-') + "+");
    canvas_[top + 1].replace(left, inner + 2, "|" + std::string(inner, ' ') + "|");
    canvas_[top + 2].replace(left, inner + 2, "+" + std::string(inner, '-') + "+");
  }

  // Last and from right to left: a name may have more or fewer bytes than columns.
  void WriteLabels() {
    std::vector<const Place*> boxes;
    for (const Place& place : places_) {
      if (!place.dummy) boxes.push_back(&place);
    }
    std::sort(boxes.begin(), boxes.end(), [](const Place* a, const Place* b) { return a->x > b->x; });
    for (const Place* box : boxes) {
      canvas_[static_cast<std::size_t>(Top(box->layer)) + 1].replace(
          static_cast<std::size_t>(Left(*box)) + 2, static_cast<std::size_t>(box->width) - 4, graph_.nodes[box->node]);
    }
  }

  std::string List() const {
    std::vector<std::string> lines(graph_.nodes.size());
    std::string out;
    for (const auto& [from, to] : edges_) {
      std::string& line = lines[places_[to].node];
      line += (line.empty() ? " <- " : ", ") + graph_.nodes[places_[from].node];
    }
    for (const Place& place : places_) {
      if (!place.dummy) out += (out.empty() ? "" : "\n") + graph_.nodes[place.node] + lines[place.node];
    }
    return out;
  }

  const DagGraph& graph_;
  std::vector<std::pair<std::size_t, std::size_t>> edges_;
  std::vector<Place> places_;
  std::vector<std::vector<std::size_t>> layers_;
  std::vector<std::string> canvas_;
  double left_ = 0;
};

}  // namespace

std::string DagAscii(const DagGraph& graph) {
  const auto parts = DagParts(graph);
  std::vector<std::size_t> part_of(graph.nodes.size()), place(graph.nodes.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t k = 0; k < parts[i].size(); ++k) {
      part_of[parts[i][k]] = i;
      place[parts[i][k]] = k;
    }
  }
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> edges(parts.size());
  for (const auto& [from, to] : graph.edges) {
    if (from != to) edges[part_of[from]].emplace_back(place[to], place[from]);
  }
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += (i == 0 ? "" : "\n") + Part(graph, parts[i], std::move(edges[i])).Draw();
  }
  return out;
}

}  // namespace mlean::metrics
