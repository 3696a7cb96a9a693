"""The one package that imports TextAttack; importing it makes TextAttack's assets available."""

from robustbert.attacks.textattack.bootstrap import import_textattack

import_textattack()
