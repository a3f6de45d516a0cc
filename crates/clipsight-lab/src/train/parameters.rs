//! A network's parameters as lists of vectors in host memory, in the network's own order: what the
//! optimizer works on and checkpoints hold.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// Every parameter's values, in the network's order.
pub(super) fn values_of(network: &impl Module) -> Vec<Vec<f32>> {
    let mut reader = Reader::default();
    network.visit(&mut reader);
    reader.values
}

/// The network with these values, which must be as many as it has parameters, on `device`.
pub(super) fn with_values<M: Module>(network: M, values: &[Vec<f32>], device: &Device) -> M {
    network.map(&mut Writer { values: values.iter(), device: device.clone() })
}

/// Reads every parameter in the network's order.
#[derive(Default)]
pub(super) struct Reader {
    path: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) ranks: Vec<usize>,
    pub(super) values: Vec<Vec<f32>>,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.paths.push(self.path.join("."));
        self.ranks.push(D);
        self.values.push(param.val().into_data().try_into_vec().unwrap_or_default());
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Reads every parameter's gradient in the network's order; zeros where there is none.
pub(super) struct GradientReader<'a> {
    pub(super) gradients: &'a Gradients,
    pub(super) values: Vec<Vec<f32>>,
}

impl ModuleVisitor for GradientReader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let gradient =
            tensor.grad(self.gradients).and_then(|grad| grad.into_data().try_into_vec().ok());
        self.values.push(gradient.unwrap_or_else(|| vec![0.0; tensor.shape().num_elements()]));
    }
}

/// Writes values into every parameter in the network's order.
pub(super) struct Writer<'a> {
    pub(super) values: std::slice::Iter<'a, Vec<f32>>,
    pub(super) device: Device,
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.values.next() else { return param };
        let shape = param.val().shape();
        let tensor = Tensor::from_data(TensorData::new(values.clone(), shape), &self.device);
        Param::initialized(param.id, tensor.require_grad())
    }
}
