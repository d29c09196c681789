"""The one table of mechanisms: a law or rule is offered by standing here."""

from __future__ import annotations

from parley.mechanisms.alerting import ALERTING
from parley.mechanisms.balancing import BALANCING
from parley.mechanisms.envoy import ENVOY
from parley.mechanisms.gates import GATES
from parley.mechanisms.keda import KEDA
from parley.mechanisms.knative import KNATIVE
from parley.mechanisms.kubernetes import KUBERNETES
from parley.mechanisms.localities import LOCALITIES
from parley.mechanisms.mechanism import Mechanism
from parley.mechanisms.netflix import NETFLIX
from parley.mechanisms.optimizing import OPTIMIZING
from parley.mechanisms.outliers import OUTLIERS
from parley.mechanisms.planning import PLANNING
from parley.mechanisms.vpa import VPA

ALL = (*ENVOY, *BALANCING, *OUTLIERS, *LOCALITIES, *GATES, *NETFLIX, *KUBERNETES, *KNATIVE, *KEDA, *VPA, *PLANNING, *OPTIMIZING, *ALERTING)
MECHANISMS: dict[str, Mechanism] = {mechanism.name: mechanism for mechanism in ALL}
