//===- AttnTypes.td - values with named axes ---------------------------------===//

#ifndef ATTNC_DIALECT_ATTN_TYPES_TD
#define ATTNC_DIALECT_ATTN_TYPES_TD

include "dialect/AttnDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_ValueType : TypeDef<Attn_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "numbers along named axes";
  let description = [{
    ```
    value-type ::= `!attn.value` `<` (axis (`,` axis)* `:`)? element `>`
    axis       ::= kind (`.` number)? (extent | `of` `@`input)?
    kind       ::= `batch` | `query` | `key` | `update` | `slot` | `head` | `size` | `feature` | `other`
    element    ::= `f32` | `f64` | `i1` | `i32`
    ```
    An axis without extent is free: its length comes with the call. `feature of @query` has the length
    of the feature axis of the input "query". `query.1` is the second query axis.

    ```mlir
    !attn.value<batch, query, head 12, size 64 : f32>
    !attn.value<batch, query, feature of @query : f32>
    !attn.value<batch, head 8, query, query.1, key, key.1 : i1>
    !attn.value<i1>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::attnc::ir::Axis">:$axes, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The axis, or null.
    const ::attnc::ir::Axis *find(::attn::Kind kind, unsigned number = 0) const;
    /// How many axes are of this kind.
    unsigned count(::attn::Kind kind) const;
    /// The extent of the first axis of a kind; 0 where there is none or it is free.
    int64_t extent(::attn::Kind kind) const;
    /// The axes of these kinds, in the value's order.
    ::llvm::SmallVector<::attnc::ir::Axis> only(::llvm::ArrayRef<::attn::Kind> kinds) const;
    bool isTruth() const { return getElementType().isInteger(1); }
    /// Indices have 32 bits.
    bool isIndex() const { return getElementType().isInteger(32); }
    bool isReal() const { return getElementType().isFloat(); }
    /// A single number, without axes, such as a flag.
    bool isScalar() const { return getAxes().empty(); }
  }];
}

def Attn_AxisAttr : AttrDef<Attn_Dialect, "Axis"> {
  let mnemonic = "axis";
  let summary = "an axis that a formula refers to: `query`, or `query.1` for the second";
  let parameters = (ins "::attn::Kind":$kind, "unsigned":$number);
  let assemblyFormat = "`<` custom<AxisName>($kind, $number) `>`";
}

def Attn_Rule : I32EnumAttr<"Rule", "what a row without any visible key gets", [
    I32EnumAttrCase<"Uniform", 0, "uniform">,
    I32EnumAttrCase<"Zero", 1, "zero">,
    I32EnumAttrCase<"Additive", 2, "additive">]> {
  let cppNamespace = "::attnc::ir";
  let genSpecializedAttr = 0;
}
def Attn_RuleAttr : EnumAttr<Attn_Dialect, Attn_Rule, "rule">;

// How a row of scores becomes probabilities: arguments of attn.softmax, and of attn.attention, which
// absorbs it.
defvar Attn_RowArguments = (ins Attn_RuleAttr:$rule, UnitAttr:$sigmoid);
defvar Attn_RowFormat = "`rule` custom<RuleWord>($rule) (`sigmoid` $sigmoid^)?";

def Attn_Over : I32EnumAttr<"Over", "what a least and a most are taken over", [
    I32EnumAttrCase<"Query", 0, "query">,
    I32EnumAttrCase<"Key", 1, "key">,
    I32EnumAttrCase<"Pairs", 2, "pairs">]> {
  let cppNamespace = "::attnc::ir";
  let genSpecializedAttr = 0;
}
def Attn_OverAttr : EnumAttr<Attn_Dialect, Attn_Over, "over">;

class Attn_ValueOf<string element, string words>
    : Type<And<[Attn_ValueType.predicate,
                CPred<"::llvm::cast<::attnc::ir::ValueType>($_self).getElementType()." # element>]>,
           words>;
def Attn_Real : Attn_ValueOf<"isFloat()", "value of real numbers">;
def Attn_Index : Attn_ValueOf<"isInteger(32)", "value of indices">;

#endif // ATTNC_DIALECT_ATTN_TYPES_TD
