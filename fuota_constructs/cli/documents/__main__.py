"""Writes the schemas of all documents anew: `python -m fuota_constructs.cli.documents`."""

from fuota_constructs.cli.documents.schemas import FOLDER, written

if __name__ == "__main__":
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in written().items():
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
