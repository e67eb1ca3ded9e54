#include "base/result.hpp"
#include "codec/yaml_tree.hpp"

// What parses can be changed and written, in pieces too; and what is written without comments, anchors and old styles reads back
// as the same values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::codec;
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto tree = YamlTree::Parse(text);
  if (!tree) return 0;
  (void)tree->Write();
  (void)tree->FirstDate();
  const Json value = tree->ToJson();
  if (value.IsArray() || value.IsObject()) {
    const auto again = YamlTree::Parse(YamlTree::From(value).Write());
    CHECK_BUG(again);
    CHECK_BUG(again->ToJson().Dump(true) == value.Dump(true));
    CHECK_BUG(tree->Apply({}, value));
  }
  if (!value.IsObject()) return 0;
  for (const auto& member : value.AsObject()) {
    const YamlTree::Pieces pieces = tree->WritePieces(member.first);
    std::string joined = pieces.head;
    for (const auto& piece : pieces.members) joined += piece.second;
    CHECK_BUG(joined + pieces.tail == tree->Write());
    (void)tree->Append({member.first}, "x");
    (void)tree->Set({member.first}, "new", Json::Array{1, "y"});
    CHECK_BUG(tree->Set({}, member.first, "two\nlines"));
    (void)tree->Write();
    CHECK_BUG(tree->Remove({}, member.first));
  }
  (void)tree->Write();
  return 0;
}
