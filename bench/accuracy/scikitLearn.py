"""
The figures of scikit-learn that `npm run accuracy` holds tables against: MLPClassifier and MLPRegressor as they come (one hidden layer of 100 ReLU
units, Adam, alpha 1e-4), but for `max_iter`, which is enough to converge where that is possible. Numbers are filled in with their mean and
standardised, words are filled in with the most frequent one and made one-hot, both learnt on the training rows. The target of a regression is taken both as it is (for 500 iterations; some
tables do not converge in 20,000) and standardised, and the better of both is the figure.

    python3 scikitLearn.py <folder of the data> [table ...]     prints JSON, kept in scikitLearn.json

Rows are cut as tables.ts cuts them: shuffled by a generator that both sides write out (`order`), sorted by class, dealt out to five folds. Made with
scikit-learn 1.2.1 and numpy 1.24.2.
"""

import csv
import gzip
import json
import sys
import warnings

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDS = 5


def read(path, delimiter=",", skip=0):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(f"{folder}/{path}", "rt", encoding="utf-8", newline="") as file:
        lines = file.read().splitlines()[skip:]
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows if row]


def numbers(rows):
    """Columns by number, the last one the target."""
    return [row[:-1] for row in rows], [row[-1] for row in rows], []


def named(rows, target, words, ignored=()):
    """Columns by name."""
    header, rows = rows[0], rows[1:]
    kept = [i for i, name in enumerate(header) if name != target and name not in ignored]
    at = header.index(target)
    return [[row[i] for i in kept] for row in rows], [row[at] for row in rows], [kept.index(header.index(name)) for name in words]


def diabetes():
    targets = read("diabetes/diabetes_target.csv.gz")
    return numbers([x + y for x, y in zip(read("diabetes/diabetes_data_raw.csv.gz", " "), targets)])


def adult():
    rows = read("adult/adult.data.gz") + [row[:-1] + [row[-1].rstrip(".")] for row in read("adult/adult.test.gz", skip=1)]
    x, y, _ = numbers(rows)
    return x, y, [1, 3, 5, 6, 7, 8, 9, 13]


# Of each table: how it is read, whether it is a regression, the seeds of its repeats, and folds trained in each.
TABLES = {
    "iris": (lambda: numbers(read("iris/iris.csv", skip=1)), False, 5, 5),
    "wine": (lambda: numbers(read("wine/wine_data.csv", skip=1)), False, 5, 5),
    "breast-cancer": (lambda: numbers(read("breast-cancer/breast_cancer.csv", skip=1)), False, 3, 5),
    "digits": (lambda: numbers(read("digits/digits.csv.gz")), False, 1, 5),
    "penguins": (lambda: named(read("penguins/penguins.csv"), "species", ["island", "sex"]), False, 5, 5),
    "titanic": (lambda: named(read("titanic/train.csv"), "Survived", ["Sex", "Embarked"], ["PassengerId", "Name", "Ticket", "Cabin"]), False, 3, 5),
    "diabetes": (diabetes, True, 5, 5),
    "california-housing": (lambda: named(read("california-housing/housing.csv"), "median_house_value", ["ocean_proximity"]), True, 3, 1),
    "adult": (adult, False, 1, 1),
}
# Adult does not converge in a quarter of an hour, and the longer it is trained the more it overfits: 200 iterations, the usual number.
ITERATIONS = {"adult": 200}
TRAINING_ROWS = {"adult": 32561}


def order(rows, seed):
    """Row numbers in the order of a Fisher-Yates shuffle, drawn from the linear congruential generator of Numerical Recipes."""
    result = list(range(rows))
    state = seed
    for i in range(rows - 1, 0, -1):
        state = (state * 1664525 + 1013904223) % 2**32
        j = state * (i + 1) // 2**32
        result[i], result[j] = result[j], result[i]
    return result


def folds(rows, seed, targets, regression):
    """The fold of each row: shuffled rows, those of a class together in a classification, dealt out like cards."""
    dealt = order(rows, seed)
    if not regression:
        dealt.sort(key=lambda row: targets[row])
    fold = np.empty(rows, int)
    fold[dealt] = np.arange(rows) % FOLDS
    return fold


def cell(text):
    return np.nan if text in ("", "NA", "?") else float(text)


def word(text):
    return None if text in ("", "NA", "?") else text


def pipeline(network, count, words):
    plain = [i for i in range(count) if i not in words]
    return make_pipeline(
        ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), plain),
            ("words", make_pipeline(SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)), words),
        ]),
        network,
    )


def figures(name):
    load, regression, seeds, parts = TABLES[name]
    x, y, words = load()
    x = np.array([[(word if i in words else cell)(text) for i, text in enumerate(row)] for row in x], dtype=object)
    y = np.array([float(text) for text in y]) if regression else np.array(y)
    kinds = [False, True] if regression else [False]
    scores = {scaled: [] for scaled in kinds}
    for seed in range(1, seeds + 1):
        for part in range(parts):
            if name in TRAINING_ROWS:
                test = np.arange(len(y)) >= TRAINING_ROWS[name]
            else:
                test = folds(len(y), seed, y, regression) == part
            for scaled in kinds:
                most = ITERATIONS.get(name, 500 if regression and not scaled else 5000)
                network = (MLPRegressor if regression else MLPClassifier)(random_state=seed, max_iter=most)
                if scaled:
                    network = TransformedTargetRegressor(network, transformer=StandardScaler())
                with warnings.catch_warnings():
                    warnings.simplefilter("error" if most == 5000 else "ignore", ConvergenceWarning)
                    model = pipeline(network, x.shape[1], words).fit(x[~test], y[~test])
                predicted = model.predict(x[test])
                scores[scaled].append(r2_score(y[test], predicted) if regression else float(np.mean(predicted == y[test])))
                print(name, seed, part, scaled, round(scores[scaled][-1], 4), file=sys.stderr, flush=True)
    best = max(kinds, key=lambda scaled: np.mean(scores[scaled]))
    return {"score": round(float(np.mean(scores[best])), 4), "deviation": round(float(np.std(scores[best])), 4), **({"scaledTarget": best} if regression else {})}


if __name__ == "__main__":
    folder = sys.argv[1]
    print(json.dumps({name: figures(name) for name in sys.argv[2:] or TABLES}, indent=2))
