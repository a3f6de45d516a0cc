enable f16;

// What products read, and what their tiles hold. A number beyond f16 becomes the largest that there
// is: one that is infinite would make all that follows no number at all.
alias Operand = f16;
alias Operand4 = vec4<f16>;
fn operand(value: f32) -> Operand { return f16(clamp(value, -65504.0, 65504.0)); }
fn operand4(value: vec4<f32>) -> Operand4 { return vec4<f16>(clamp(value, vec4(-65504.0), vec4(65504.0))); }
