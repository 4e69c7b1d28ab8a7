# ruff: noqa: E501 - a whole message is one line

import pytest

from tests.spec.listings import having, named
from tui_dl.errors import SpecError
from tui_dl.spec.preset import from_toml
from tui_dl.spec.schema import fields_of
from tui_dl.spec.training import Training

BASE = '[data]\nname="digits"\n[model]\nname="mlp"\n'
ROOT = (
    "title, summary, seed, data, model, loss, optimizer, schedule, regularizers, training, lecture, scene, script, "
    "variant, expect"
)

# Whoever adds a component changes what these messages list, and no message.
DATA = named("data")
MODELS = named("model")
OPTIMIZERS = named("optimizer")
ACTIVATIONS = named("activation")
REGULARIZERS = named("regularizer")
TRAINING = ", ".join(fields_of(Training))
WITH_BETA1 = having("optimizer", "beta1")
WITH_MOMENTUM = having("optimizer", "momentum")

# fmt: off
MISTAKES = [
    ('', 'is empty; an experiment needs at least [data] and [model].'),
    ('  \n# c\n', f'data: is missing; it must be a name or a table with one ({DATA}).'),
    ('x = = 1', 'broken TOML at line 1, column 5: invalid value.'),
    ('data = "digits"\nmodel="mlp"\ndata="moons"', 'broken TOML at line 3, column 13: cannot overwrite a value.'),
    ('seed = 99999', f'data: is missing; it must be a name or a table with one ({DATA}).'),
    ('[data]\nname="digits"', f'model: is missing; it must be a name or a table with one ({MODELS}).'),
    ('[data]\nnormalise="none"\n[model]\nname="mlp"', f'data.name: is missing; there are {DATA}.'),
    ('data=5\nmodel="mlp"', f'data: must be a name or a table with one, not 5; there are {DATA}.'),
    ('data="digits"\nmodel={name=3}', f'model.name: must be a name, not 3; there are {MODELS}.'),
    ('data="digit"\nmodel="mlp"', f'data.name: no data set is called "digit"; there are {DATA}. Did you mean "digits"?'),
    ('data="zzz"\nmodel="mlp"', f'data.name: no data set is called "zzz"; there are {DATA}.'),
    (BASE + '[optimizer]\nname="sdg"', f'optimizer.name: no optimizer is called "sdg"; there are {OPTIMIZERS}. Did you mean "sgd"?'),
    (BASE + '[optimizer]\nlearning_rate=1', 'optimizer.learning_rate: adam has no such setting; there are lr, beta1, beta2, eps, amsgrad, fused. Did you mean "lr"?'),
    (BASE + '[optimizer]\nmomentum=0.9', f'optimizer.momentum: adam has no such setting; there are lr, beta1, beta2, eps, amsgrad, fused. {WITH_MOMENTUM} have it.'),
    (BASE + '[optimizer]\nlr="0.1"', 'optimizer.lr: must be a number from 0 to 1e12, not "0.1". Did you mean 0.1?'),
    (BASE + '[optimizer]\nlr=true', 'optimizer.lr: must be a number from 0 to 1e12, not true.'),
    (BASE + '[optimizer]\nlr=-1', 'optimizer.lr: must be a number from 0 to 1e12, not -1.'),
    (BASE + '[optimizer]\nlr=inf', 'optimizer.lr: must be a number from 0 to 1e12, not inf.'),
    (BASE + '[optimizer]\nbeta1=1.0', 'optimizer.beta1: must be a number of at least 0 and below 1, not 1.0.'),
    (BASE + '[optimizer]\nfused="True"', 'optimizer.fused: must be true or false, not "True". Did you mean true?'),
    (BASE + "[optimizer]\nlr=0x" + "f" * 300, 'optimizer.lr: must be a number from 0 to 1e12, not a whole number of 1200 bits.'),
    ('lr=1\n' + BASE, f'lr: no such key; there are {ROOT}. Did you mean "optimizer.lr"?'),
    ('batch_size=1\n' + BASE, f'batch_size: no such key; there are {ROOT}. Did you mean "training.batch_size"?'),
    ('activation="relu"\n' + BASE, f'activation: no such key; there are {ROOT}. Did you mean "model.activation"?'),
    ('epoch=3\n' + BASE, f'epoch: no such key; there are {ROOT}. Did you mean "training.epochs"?'),
    ('dropout=0.5\n' + BASE, f'dropout: no such key; there are {ROOT}. Did you mean "regularizers.dropout"?'),
    ('seed=-1\n' + BASE, 'seed: must be a whole number from 0 to 9223372036854775807, not -1.'),
    ('seed=1.5\n' + BASE, 'seed: must be a whole number from 0 to 9223372036854775807, not 1.5.'),
    ('seed=nan\n' + BASE, 'seed: must be a whole number from 0 to 9223372036854775807, not nan.'),
    ('title=5\n' + BASE, 'title: must be text, not 5.'),
    ('title="a\\u001bb"\n' + BASE, 'title: contains the control character U+001B.'),
    ('title=2020-01-01\n' + BASE, 'title: must be text, not the date or time 2020-01-01.'),
    (BASE + 'hidden=64\n', 'model.hidden: must be a list, each item a whole number from 1 to 65536, not 64.'),
    (BASE + 'hidden=[64,0]\n', 'model.hidden[1]: must be a whole number from 1 to 65536, not 0.'),
    (BASE + 'hidden=["a"]\n', 'model.hidden[0]: must be a whole number from 1 to 65536, not "a".'),
    (BASE + 'activation="rleu"\n', f'model.activation.name: no activation is called "rleu"; there are {ACTIVATIONS}. Did you mean "relu"?'),
    (BASE + 'activation={name="relu",negative_slope=1}\n', 'model.activation.negative_slope: relu has no such setting; it has no settings. leaky_relu has it.'),
    (BASE + 'activation=["relu"]\n', f'model.activation: must be a name or a table with one, not a list; there are {ACTIVATIONS}.'),
    (f'data="digits"\nmodel={{name="mlp",hidden={[1] * 1001}}}', 'model.hidden: has 1001 items; at most 1000 are allowed.'),
    (BASE + '[training]\ndevice="gpu"', 'training.device: must be like "auto", "cpu", "cuda", "cuda:1", not "gpu". Did you mean "cuda"?'),
    (BASE + '[training]\ndevice="cdua"', 'training.device: must be like "auto", "cpu", "cuda", "cuda:1", not "cdua". Did you mean "cuda"?'),
    (BASE + '[training]\nthreads=0', 'training.threads: must be "auto" or a whole number from 1 to 1024, not 0.'),
    (BASE + '[training]\nthreads="many"', 'training.threads: must be "auto" or a whole number from 1 to 1024, not "many".'),
    (BASE + '[training]\nnonfinite="halt"', 'training.nonfinite: must be one of "continue", "stop", not "halt".'),
    (BASE + '[training]\nbatchsize=3', f'training.batchsize: no such key; there are {TRAINING}. Did you mean "batch_size"?'),
    (BASE + '[training]\nlr=3', f'training.lr: no such key; there are {TRAINING}. Did you mean "optimizer.lr"?'),
    ('training=3\n' + BASE, f'training: must be a table with {TRAINING}, not 3.'),
    ('regularizers="l2"\n' + BASE, f'regularizers: must be a list of names or tables ({REGULARIZERS}), not "l2".'),
    ('regularizers=["l3"]\n' + BASE, f'regularizers[0].name: no regularizer is called "l3"; there are {REGULARIZERS}.'),
    ('regularizers=["l2","l2"]\n' + BASE, 'regularizers.l2: appears twice; each regularizer may be there once.'),
    (BASE + '[regularizers.l2]\nstrength=1', f'regularizers: must be a list of names or tables ({REGULARIZERS}), not a table. Write [[regularizers]].'),
    (BASE + '[[regularizers]]\nstrength=1', f'regularizers[0].name: is missing; there are {REGULARIZERS}.'),
    (BASE + '[[regularizers]]\nname="dropout"\np=1', 'regularizers.dropout.p: must be a number of at least 0 and below 1, not 1.'),
    ('loss="cross_entropy"\ndata="line"\nmodel="mlp"', 'loss: cross_entropy is for classification, but the data (line) is regression; use one of gaussian_nll, huber, l1, mse, poisson_nll.'),
    ('loss={delta=1}\ndata="line"\nmodel="mlp"', 'loss.delta: mse has no such setting; there is reduction. huber has it.'),
    (BASE + '[optimizer]\nname="sgd"\nnesterov=true', 'optimizer.nesterov: true needs momentum above 0; set optimizer.momentum too, for example 0.9.'),
    ('regularizers=["weight_decay"]\noptimizer="adamw"\n' + BASE, 'regularizers.weight_decay: adamw already decays the weights by 0.01; set optimizer.weight_decay to 0 or take the weight_decay regularizer away.'),
    ('regularizers=["dropout"]\ndata="digits"\nmodel="linear"', 'regularizers.dropout: the linear model has no hidden layer to drop units from; use a model with hidden layers or take it away.'),
    ('regularizers=["dropout"]\ndata="digits"\nmodel={name="mlp",hidden=[]}', 'regularizers.dropout: model.hidden is empty: there is no hidden layer to drop units from; use a model with hidden layers or take it away.'),
    ('model="mlp"\ndata={name="spiral",samples=5,arms=4}', 'data.samples: 5 samples with validation_share 0.2 leave 4 to train and 1 to validate; each needs at least 4, one per class.'),
    ('model="mlp"\ndata={name="spiral",samples=39,arms=20,validation_share=0.5}', 'data.samples: 39 samples with validation_share 0.5 leave 19 to train and 20 to validate; each needs at least 20, one per class.'),
    ('model="mlp"\ndata={name="line",outliers=101}', 'data.outliers: 101 is more than the 100 training samples.'),
    ('model="mlp"\ndata={name="digits",validation_share=0.0}', 'data.validation_share: must be a number from 0.01 to 0.9, not 0.0.'),
    (BASE + '[lecture]\nnote="x"', 'lecture.note: is neither notes nor a language such as ko or pt-BR. Did you mean "notes"?'),
    (BASE + '[lecture.korean]\nnotes="x"', 'lecture.korean: is neither notes nor a language such as ko or pt-BR.'),
    (BASE + '[lecture.ko]\ntitel="x"', 'lecture.ko.titel: no such key; there are title, summary, notes, scenes. Did you mean "title"?'),
    (BASE + '[lecture]\nko="x"', 'lecture.ko: must be a table with title, summary, notes, scenes, not "x".'),
    (BASE + '[lecture.ko.scenes]\n1="x"', 'lecture.ko.scenes.1: no such scene; there is none.'),
    (BASE + '[[scene]]\nat_step=1\n[lecture.ko.scenes]\n2="x"', 'lecture.ko.scenes.2: no such scene; there is only 1.'),
    (BASE + '[[scene]]\nat_step=1\n[lecture.ko.scenes]\n1=2', 'lecture.ko.scenes.1: must be text, not 2.'),
    (BASE + '[[scene]]\nview="layer"\nat_step=1', 'scene[0].view: must be one of "histograms", "layers", "log", "loss", "optimizer", "overview", "task", not "layer". Did you mean "layers"?'),
    (BASE + '[[scene]]\nview="layers"', 'scene[0].at_step: is missing; it must be a whole number from 0 to 1e12.'),
    (BASE + '[[scene]]\nat_step=-1', 'scene[0].at_step: must be a whole number from 0 to 1e12, not -1.'),
    (BASE + '[scene]\nat_step=1', 'scene: must be a list, each item a table with at_step, view, note, pace, not a table. Write [[scene]].'),
    (BASE + '[[scenes]]\nat_step=1', f'scenes: no such key; there are {ROOT}. Did you mean "scene"?'),
    (BASE + '[[script]]\nat_step=1', 'script[0].set: is missing; it must be a table.'),
    (BASE + '[[script]]\nat_step=1\nset=5', 'script[0].set: must be a table, not 5.'),
    (BASE + '[[script]]\nat_step=1\nset={"optimizer.lr"=nan}', 'script[0].set."optimizer.lr": must be finite, not nan.'),
    (BASE + '[[script]]\nat_step=1\nset={"optimizer.lr"=-1}', 'script[0].set."optimizer.lr": must be a number from 0 to 1e12, not -1.'),
    (BASE + '[[script]]\nat_step=1\nset={optimizer={lr=-1}}', 'script[0].set."optimizer.lr": must be a number from 0 to 1e12, not -1.'),
    (BASE + '[[script]]\nat_step=1\nset={"optimzer.lr"=1}', f'script[0].set.optimzer: no such key; there are {ROOT}. Did you mean "optimizer"?'),
    (BASE + '[[script]]\nat_step=1\nset={"model.hidden"=[1]}', 'script[0].set."model.hidden": would need a fresh start, which a script can\'t make; use a variant.'),
    (BASE + '[[script]]\nat_step=1\nset={data="moons"}', "script[0].set.data: would need a fresh start, which a script can't make; use a variant."),
    (BASE + '[[script]]\nat_step=1\nset={model="linear"}', "script[0].set.model: would need a fresh start, which a script can't make; use a variant."),
    (BASE + '[[script]]\nat_step=1\nset={seed=3}', "script[0].set.seed: would need a fresh start, which a script can't make; use a variant."),
    (BASE + '[[script]]\nat_step=1\nset={title="x"}', 'script[0].set.title: is not a setting that a script can change.'),
    (BASE + '[[script]]\nat_step=1\nstate="keep"\nset={}', 'script[0].state: must be one of "calibrate", "carry", "fresh", not "keep".'),
    (BASE + '[[script]]\nat_step=9\nset={"optimizer.momentum"=0.5}\n[[script]]\nat_step=5\nset={"optimizer"="sgd"}\n[[script]]\nat_step=10\nset={"optimizer.beta1"=0.5}', f'script[2].set."optimizer.beta1": sgd has no such setting; there are lr, momentum, dampening, nesterov, fused. {WITH_BETA1} have it.'),
    (BASE + '[[script]]\nat_step=9\nset={"model.activation"="identty"}', f'script[0].set."model.activation.name": no activation is called "identty"; there are {ACTIVATIONS}. Did you mean "identity"?'),
    (BASE + '[[variant]]\nname=""', 'variant[0].name: must not be empty.'),
    (BASE + '[[variant]]\nset={}', 'variant[0].name: is missing; it must be text.'),
    (BASE + '[[variant]]\nname="a"\n[[variant]]\nname="a"', 'variant[1].name: "a" is also variant[0].'),
    (BASE + '[[variant]]\nname="a"\nset={"optimizer.lr"="x"}', 'variant[0].set."optimizer.lr": must be a number from 0 to 1e12, not "x".'),
    (BASE + '[[variant]]\nname="a"\nset={expect=[]}\n[[expect]]\nmetric="lr"\nat_step=1\nbelow=1', 'variant[0].set.expect: is not a setting that a variant can change.'),
    (BASE + '[[script]]\nat_step=1\nset={"optimizer.beta1"=0.5}\n[[variant]]\nname="a"\nset={optimizer="sgd"}', f'variant[0]: its set does not go with script[0].set."optimizer.beta1": sgd has no such setting; there are lr, momentum, dampening, nesterov, fused. {WITH_BETA1} have it.'),
    (BASE + '[[expect]]\nmetric="lr"', 'expect[0]: says not when; it needs exactly one of at_step = N and at_end = true.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1', 'expect[0]: has no bound; it needs exactly one of above, below and near.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nat_end=true\nbelow=1', 'expect[0]: has both at_step and at_end; it needs exactly one of at_step = N and at_end = true.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nbelow=1\nabove=0', 'expect[0]: has above and below; it needs exactly one of above, below and near.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nnear=1', 'expect[0].tolerance: near needs a tolerance.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove=1\ntolerance=1', 'expect[0].tolerance: belongs to near, not to above.'),
    (BASE + '[[expect]]\nmetric="validation.acuracy"\nat_step=1\nabove=1', 'expect[0].metric: nothing is measured under "validation.acuracy"; `tui-dl list metrics` shows all names. Did you mean "validation.accuracy"?'),
    (BASE + '[[expect]]\nmetric="accuracy"\nat_step=1\nabove=1', 'expect[0].metric: nothing is measured under "accuracy"; `tui-dl list metrics` shows all names. Did you mean "validation.accuracy" or "train.accuracy"?'),
    (BASE + '[[expect]]\nmetric="validation.mae"\nat_step=1\nabove=1', 'expect[0].metric: "validation.mae" is a metric of regression, but the data (digits) is classification.'),
    (BASE + '[[expect]]\nmetric="layers.0.gradnorm"\nat_step=1\nabove=1', 'expect[0].metric: nothing is measured under "layers.0.gradnorm"; `tui-dl list metrics` shows all names. Did you mean "layers.0.grad_norm"?'),
    (BASE + '[[expect]]\nmetric="fit.slope"\nat_step=1\nabove=1', 'expect[0].metric: "fit.slope" is a metric of regression, but the data (digits) is classification.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nvariant="x"\nabove=1', 'expect[0].variant: no variant is called "x"; there is none.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove={}', 'expect[0].above: compares with nothing; give variant or at_step.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove={at_step=1}', 'expect[0].above: compares the metric with itself.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove={varient="x"}', 'expect[0].above.varient: no such key; there are variant, at_step, times. Did you mean "variant"?'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove="x"', 'expect[0].above: must be a finite number or a table with variant, at_step, times, not "x".'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove=inf', 'expect[0].above: must be a finite number or a table with variant, at_step, times, not inf.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1.0\nabove=1', 'expect[0].at_step: must be a whole number from 0 to 1e12, not 1.0.'),
    (BASE + '[[expect]]\nmetric="zzzz"\nat_step=1\nabove=1', 'expect[0].metric: nothing is measured under "zzzz"; `tui-dl list metrics` shows all names.'),
    (BASE + '[[expect]]\nmetric="lr"\nat_step=1\nabove={variant="neverswapped"}\n[[variant]]\nname="never swapped"', 'expect[0].above.variant: no variant is called "neverswapped"; there are "never swapped". Did you mean "never swapped"?'),
    ('data="digits"\nmodel="linear"\n[[expect]]\nmetric="collapse.residual"\nat_end=true\nabove=1', 'expect[0].metric: "collapse.residual" is measured of mlp alone, not of linear.'),
    ("a=" + "[" * 5000, 'broken TOML: nested too deeply.'),
    ("a=" + "[" * 50 + "]" * 50, 'a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: is nested deeper than 20 levels.'),
    ("a=" + "9" * 5000, 'broken TOML: a number has thousands of digits.'),
    ('"a.b"=1\n' + BASE, f'"a.b": no such key; there are {ROOT}.'),
    ('"optimizer.lr"=1\n' + BASE, f'"optimizer.lr": no such key; there are {ROOT}. Did you mean "optimizer"?'),
    ('title="""x\n' + BASE, 'broken TOML at the end (line 5): unterminated string.'),
    ('regularizers=[5]\n' + BASE, f'regularizers[0]: must be a name or a table with one, not 5; there are {REGULARIZERS}.'),
    ('x.y.z=1\n' + BASE, f'x: no such key; there are {ROOT}.'),
    ('data="digits"\nmodel="mlp"\nmodel.hidden=[1]', 'broken TOML at line 3, column 17: cannot overwrite a value.'),
]
# fmt: on


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_each_mistake_is_one_message(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        from_toml(text, "my.toml")
    assert str(caught.value) == f"my.toml: {message}"
    assert caught.value.exit_code == 2
