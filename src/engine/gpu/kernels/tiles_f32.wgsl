// What products read, and what their tiles hold.
alias Operand = f32;
alias Operand4 = vec4<f32>;
fn operand(value: f32) -> Operand { return value; }
fn operand4(value: vec4<f32>) -> Operand4 { return value; }
