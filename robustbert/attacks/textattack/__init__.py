"""The one package that imports TextAttack; importing it puts TextAttack's assets in place."""

from robustbert.attacks.textattack.bootstrap import import_textattack

import_textattack()
