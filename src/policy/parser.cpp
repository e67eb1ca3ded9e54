#include "policy/parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "policy/functions.hpp"
#include "policy/lexer.hpp"
#include "policy/macros.hpp"
#include "policy/program.hpp"
#include "policy/regex.hpp"

namespace mlean::policy {
namespace {

constexpr std::array<std::string_view, 4> kKeywords = {"false", "in", "null", "true"};
constexpr std::array<std::string_view, 17> kReserved = {"as",        "break",  "const",  "continue", "else", "for",
                                                        "function",  "if",     "import", "let",      "loop", "package",
                                                        "namespace", "return", "var",    "void",     "while"};

template <std::size_t kSize>
bool Contains(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Operator {
  std::string_view text;
  Op op;
};
constexpr std::array<Operator, 7> kRelations = {{{"==", Op::kEqual},
                                                 {"!=", Op::kNotEqual},
                                                 {"<", Op::kLess},
                                                 {"<=", Op::kLessEqual},
                                                 {">", Op::kGreater},
                                                 {">=", Op::kGreaterEqual},
                                                 {"in", Op::kIn}}};
constexpr std::array<Operator, 2> kSums = {{{"+", Op::kAdd}, {"-", Op::kSubtract}}};
constexpr std::array<Operator, 3> kProducts = {{{"*", Op::kMultiply}, {"/", Op::kDivide}, {"%", Op::kModulo}}};
constexpr std::array<Operator, 1> kOr = {{{"||", Op::kOr}}};
constexpr std::array<Operator, 1> kAnd = {{{"&&", Op::kAnd}}};

class Parser {
 public:
  Parser(std::string_view source, std::vector<Token> tokens) : source_(source), tokens_(std::move(tokens)) {}

  Result<Node> Run() {
    TRY(Node node, Expression());
    if (Peek().kind != TokenKind::kEnd) return Bad(Peek(), fmt::format("unexpected '{}'", Peek().text.substr(0, 40)));
    return node;
  }

 private:
  using Rule = Result<Node> (Parser::*)();

  const Token& Peek(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  bool IsSymbol(std::string_view text, std::size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == text;
  }
  bool Take(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++next_;
    return true;
  }
  Error Bad(const Token& at, std::string_view cause) const { return BadAt(at.begin, cause); }
  Error BadAt(std::size_t offset, std::string_view cause) const {
    return Fail(Code::kInvalid, AtPosition(source_, offset, cause));
  }
  Result<void> Expect(std::string_view symbol) {
    if (Take(symbol)) return {};
    if (Peek().kind == TokenKind::kEnd) return Bad(Peek(), fmt::format("expected '{}' before the end", symbol));
    return Bad(Peek(), fmt::format("expected '{}', not '{}'", symbol, Peek().text.substr(0, 40)));
  }

  // A node over `children`, which begins where the first token of it stands and ends before the next token.
  Result<Node> Make(Op op, std::uint32_t begin, std::vector<Node> children, std::string name = {}) {
    Node node;
    node.op = op;
    node.begin = begin;
    node.end = tokens_[next_ - 1].end;
    node.name = std::move(name);
    node.children = std::move(children);
    for (const Node& child : node.children) node.height = std::max<std::uint16_t>(node.height, child.height + 1);
    if (node.height > kMaxDepth) return BadAt(begin, "the expression is too deep");
    return node;
  }

  static std::vector<Node> Pair(Node a, Node b) {
    std::vector<Node> both;
    both.reserve(2);
    both.push_back(std::move(a));
    both.push_back(std::move(b));
    return both;
  }

  Result<Node> Expression() {
    // Each level of brackets costs several stack frames.
    struct Level {
      int& depth;
      ~Level() { --depth; }
    } level{++depth_};
    if (depth_ > kMaxNesting) return Bad(Peek(), "the expression is nested too deep");
    const std::uint32_t begin = Peek().begin;
    TRY(Node condition, Or());
    if (!Take("?")) return condition;
    TRY(Node yes, Or());
    TRYV(Expect(":"));
    TRY(Node no, Expression());
    std::vector<Node> children = Pair(std::move(condition), std::move(yes));
    children.push_back(std::move(no));
    return Make(Op::kTernary, begin, std::move(children));
  }

  // operand { operator operand }, grouped to the left.
  template <std::size_t kSize>
  Result<Node> Chain(const std::array<Operator, kSize>& operators, Rule operand) {
    const std::uint32_t begin = Peek().begin;
    TRY(Node left, (this->*operand)());
    while (Peek().kind == TokenKind::kSymbol || Peek().kind == TokenKind::kName) {
      const auto found =
          std::find_if(operators.begin(), operators.end(), [&](const Operator& o) { return o.text == Peek().text; });
      if (found == operators.end()) break;
      ++next_;
      TRY(Node right, (this->*operand)());
      TRY(left, Make(found->op, begin, Pair(std::move(left), std::move(right))));
    }
    return left;
  }
  Result<Node> Or() { return Chain(kOr, &Parser::And); }
  Result<Node> And() { return Chain(kAnd, &Parser::Relation); }
  Result<Node> Relation() { return Chain(kRelations, &Parser::Sum); }
  Result<Node> Sum() { return Chain(kSums, &Parser::Product); }
  Result<Node> Product() { return Chain(kProducts, &Parser::Unary); }

  Result<Node> Unary() {
    const Token& first = Peek();
    if (!IsSymbol("!") && !IsSymbol("-")) return Member();
    // "- 5" is the literal -5, so that the smallest int can be written.
    if (IsSymbol("-") && IsNumber(Peek(1))) return Member();
    const bool is_not = IsSymbol("!");
    int count = 0;
    while (Take(is_not ? "!" : "-")) {
      if (!is_not && IsSymbol("-") && IsNumber(Peek(1))) {
        ++count;
        break;
      }
      ++count;
    }
    if (count > kMaxDepth) return Bad(first, "the expression is too deep");
    TRY(Node node, Member());
    for (int i = 0; i < count; ++i) {
      std::vector<Node> child;
      child.push_back(std::move(node));
      TRY(node, Make(is_not ? Op::kNot : Op::kNegate, first.begin, std::move(child)));
    }
    return node;
  }

  static bool IsNumber(const Token& token) {
    return token.kind == TokenKind::kInt || (token.kind == TokenKind::kLiteral && token.value.Is(Kind::kDouble));
  }

  // primary { "." name [ "(" arguments ")" ] | "[" index "]" }
  Result<Node> Member() {
    const std::uint32_t begin = Peek().begin;
    TRY(Node node, Primary());
    while (true) {
      if (Take("[")) {
        TRY(Node index, Expression());
        TRYV(Expect("]"));
        TRY(node, Make(Op::kIndex, begin, Pair(std::move(node), std::move(index))));
      } else if (Take(".")) {
        TRY(node, Selection(begin, std::move(node)));
      } else {
        return node;
      }
    }
  }

  Result<Node> Selection(std::uint32_t begin, Node operand) {
    const Token& name = Peek();
    const bool escaped = name.kind == TokenKind::kEscaped;
    if (!escaped && (name.kind != TokenKind::kName || Contains(kKeywords, name.text))) return Bad(name, "expected a field name");
    ++next_;
    if (!escaped && IsSymbol("(")) return MethodCall(begin, std::move(operand), name);
    std::vector<Node> child;
    child.push_back(std::move(operand));
    TRY(Node node, Make(Op::kSelect, begin, std::move(child), std::string(name.text)));
    return WithTypeName(std::move(node));
  }

  // google.protobuf.Timestamp and google.protobuf.Duration are values of their own: types.
  static Node WithTypeName(Node node) {
    if (node.name != "Timestamp" && node.name != "Duration") return node;
    const Node& middle = node.children.front();
    if (middle.op != Op::kSelect || middle.name != "protobuf") return node;
    const Node& first = middle.children.front();
    if (first.op != Op::kVariable || first.name != "google") return node;
    Node type;
    type.begin = node.begin;
    type.end = node.end;
    type.value = Value::TypeValue(node.name == "Timestamp" ? Kind::kTimestamp : Kind::kDuration);
    return type;
  }

  Result<Node> MethodCall(std::uint32_t begin, Node receiver, const Token& name) {
    ++next_;  // the bracket
    if (const Token& variable = Peek(); variable.kind == TokenKind::kName && IsSymbol(",", 1)) {
      const std::size_t arguments = CountArguments();
      if (const std::optional<Op> macro = FindMacro(name.text, arguments)) {
        return Macro(*macro, begin, std::move(receiver), arguments);
      }
    }
    if (FindMacro(name.text, 2)) {
      return Bad(name, fmt::format("'{}' takes a variable name and an expression over it", name.text));
    }
    std::vector<Node> arguments;
    arguments.push_back(std::move(receiver));
    TRYV(Arguments(arguments));
    return FunctionCall(begin, name, true, std::move(arguments));
  }

  // The number of arguments up to the closing bracket of the call whose first argument is next; brackets nest.
  std::size_t CountArguments() const {
    std::size_t count = 1;
    int depth = 0;
    for (std::size_t i = next_; i < tokens_.size(); ++i) {
      if (tokens_[i].kind != TokenKind::kSymbol) continue;
      const std::string_view text = tokens_[i].text;
      if (text == "(" || text == "[" || text == "{") ++depth;
      if (text == ")" || text == "]" || text == "}") --depth;
      if (depth < 0) break;
      if (depth == 0 && text == ",") ++count;
    }
    return count;
  }

  Result<Node> Macro(Op op, std::uint32_t begin, Node range, std::size_t arguments) {
    const Token& variable = Peek();
    if (Contains(kKeywords, variable.text) || Contains(kReserved, variable.text)) {
      return Bad(variable, fmt::format("'{}' cannot be a variable name", variable.text));
    }
    next_ += 2;  // the variable and the comma
    std::vector<Node> children;
    children.push_back(std::move(range));
    scope_.push_back(variable.text);
    for (std::size_t i = 1; i < arguments; ++i) {
      if (i > 1) TRYV(Expect(","));
      TRY(Node child, Expression());
      children.push_back(std::move(child));
    }
    scope_.pop_back();
    TRYV(Expect(")"));
    TRY(Node node, Make(op, begin, std::move(children), std::string(variable.text)));
    node.slot = static_cast<std::uint32_t>(scope_.size());
    return node;
  }

  // The arguments after "(" up to and including ")".
  Result<void> Arguments(std::vector<Node>& out) {
    if (Take(")")) return {};
    while (true) {
      TRY(Node argument, Expression());
      out.push_back(std::move(argument));
      if (!Take(",")) break;
    }
    return Expect(")");
  }

  Result<Node> FunctionCall(std::uint32_t begin, const Token& name, bool as_member, std::vector<Node> arguments) {
    const Function* function = FindFunction(name.text, as_member);
    if (function == nullptr) {
      const std::string near = Nearest(name.text, FunctionNames());
      if (FindFunction(name.text, !as_member) != nullptr) {
        return Bad(name,
                   fmt::format("write {}", as_member ? fmt::format("{}(x)", name.text) : fmt::format("x.{}(…)", name.text)));
      }
      return Bad(name, fmt::format("unknown function '{}'{}", name.text.substr(0, 60),
                                   near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
    }
    const int given = static_cast<int>(arguments.size());
    if (given < function->min_arguments || given > function->max_arguments) {
      return Bad(name, fmt::format("wrong number of arguments for '{}'", name.text));
    }
    TRY(Node node, Make(Op::kCall, begin, std::move(arguments), std::string(name.text)));
    node.function = function;
    if (name.text == "matches" && node.children[1].op == Op::kLiteral && node.children[1].value.Is(Kind::kString)) {
      Result<std::shared_ptr<const Regex>> regex = Regex::Compile(node.children[1].value.AsString());
      if (!regex) return BadAt(node.children[1].begin, regex.error().what);
      node.regex = *std::move(regex);
    }
    return node;
  }

  Result<Node> Primary() {
    const Token& token = Peek();
    switch (token.kind) {
      case TokenKind::kEnd:
      case TokenKind::kEscaped: return Bad(token, "expected an expression");
      case TokenKind::kInt:
      case TokenKind::kLiteral: return Number(false);
      case TokenKind::kName: return Name(false);
      case TokenKind::kSymbol: break;
    }
    if (IsSymbol("-") && IsNumber(Peek(1))) {
      ++next_;
      return Number(true);
    }
    if (Take("(")) return Bracketed();
    if (Take("[")) return ListLiteral(token.begin);
    if (Take("{")) return MapLiteral(token.begin);
    if (Take(".")) {
      if (Peek().kind != TokenKind::kName) return Bad(Peek(), "expected a name");
      return Name(true);
    }
    return Bad(token, "expected an expression");
  }

  Result<Node> Bracketed() {
    TRY(Node node, Expression());
    TRYV(Expect(")"));
    return node;
  }

  // A literal; `negative` for a number after a minus sign.
  Result<Node> Number(bool negative) {
    const Token& token = Peek();
    Value value = token.value;
    if (token.kind == TokenKind::kInt) {
      constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      if (token.magnitude > kMax + (negative ? 1 : 0)) return Bad(token, "the number is out of range");
      // Unsigned negation wraps to the right two's complement value.
      value = Value(static_cast<std::int64_t>(negative ? 0 - token.magnitude : token.magnitude));
    } else if (negative) {
      value = Value(-token.value.AsDouble());
    }
    ++next_;
    TRY(Node node, Make(Op::kLiteral, negative ? tokens_[next_ - 2].begin : token.begin, {}));
    node.value = std::move(value);
    return node;
  }

  Result<Node> Name(bool from_root) {
    const Token& token = Peek();
    ++next_;
    if (token.text == "true" || token.text == "false" || token.text == "null") {
      if (from_root) return Bad(token, "expected a name");
      TRY(Node node, Make(Op::kLiteral, token.begin, {}));
      if (token.text != "null") node.value = Value(token.text == "true");
      return node;
    }
    if (token.text == "in") return Bad(token, "expected an expression");
    if (Contains(kReserved, token.text)) return Bad(token, fmt::format("'{}' is a reserved word", token.text));
    if (Take("(")) {
      if (token.text == "has") return Has(token);
      std::vector<Node> arguments;
      TRYV(Arguments(arguments));
      return FunctionCall(token.begin, token, false, std::move(arguments));
    }
    // The innermost macro variable of that name.
    const auto local = from_root ? scope_.rend() : std::find(scope_.rbegin(), scope_.rend(), token.text);
    TRY(Node node, Make(local == scope_.rend() ? Op::kVariable : Op::kLocal, token.begin, {}, std::string(token.text)));
    if (local != scope_.rend()) node.slot = static_cast<std::uint32_t>(scope_.rend() - local - 1);
    return node;
  }

  Result<Node> Has(const Token& token) {
    TRY(Node node, Expression());
    TRYV(Expect(")"));
    if (node.op != Op::kSelect) return Bad(token, "'has' takes a field, as in has(metrics.auc)");
    node.op = Op::kHas;
    node.begin = token.begin;
    node.end = tokens_[next_ - 1].end;
    return node;
  }

  Result<Node> ListLiteral(std::uint32_t begin) {
    std::vector<Node> elements;
    while (!IsSymbol("]")) {
      TRY(Node element, Expression());
      elements.push_back(std::move(element));
      if (!Take(",")) break;
    }
    TRYV(Expect("]"));
    return Make(Op::kList, begin, std::move(elements));
  }

  Result<Node> MapLiteral(std::uint32_t begin) {
    std::vector<Node> entries;
    while (!IsSymbol("}")) {
      TRY(Node key, Expression());
      TRYV(Expect(":"));
      TRY(Node value, Expression());
      entries.push_back(std::move(key));
      entries.push_back(std::move(value));
      if (!Take(",")) break;
    }
    TRYV(Expect("}"));
    return Make(Op::kMap, begin, std::move(entries));
  }

  std::string_view source_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  std::vector<std::string_view> scope_;  // macro variables, outermost first
};

}  // namespace

Result<Node> Parse(std::string_view source) {
  if (source.size() > kMaxProgramBytes) {
    return Fail(Code::kTooLarge, fmt::format("the text is over {} bytes", kMaxProgramBytes));
  }
  TRY(std::vector<Token> tokens, Tokenize(source));
  return Parser(source, std::move(tokens)).Run();
}

}  // namespace mlean::policy
