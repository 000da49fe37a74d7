//! A text beside the configuration with a form of its own, read as strictly: all mistakes at once, each with its line.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::path::Path;
use crate::problem::{ConfigErrors, ConfigProblem};
use crate::structure::check;
use crate::yaml::{self, Node};

/// A text that was read, and still knows where each value stands.
#[derive(Debug)]
pub struct Document<T> {
    /// What it says.
    pub value: T,
    file: String,
    root: Node,
}

impl<T: JsonSchema + DeserializeOwned> Document<T> {
    /// Reads YAML, or JSON, of the form that the type has; `file` is what the text is called.
    ///
    /// # Errors
    /// With everything that is wrong, by line.
    pub fn read(file: &str, text: &str) -> Result<Self, ConfigErrors> {
        let errors = |problems| ConfigErrors::new(file, problems);
        let (root, problems) = yaml::read(text);
        let problem = |problem: yaml::YamlProblem| ConfigProblem {
            position: Some(problem.position),
            path: Path::root(),
            message: problem.message,
        };
        let mut problems: Vec<_> = problems.into_iter().map(problem).collect();
        let Some(root) = root else { return Err(errors(problems)) };
        let schema = schemars::schema_for!(T).to_value();
        let checked = check(&root, &schema);
        problems.extend(checked.problems);
        let Some(json) = checked.json.filter(|_| problems.is_empty()) else { return Err(errors(problems)) };
        match serde_path_to_error::deserialize(json) {
            Ok(value) => Ok(Self { value, file: file.to_owned(), root }),
            Err(error) => {
                let path = Path::from(error.path());
                let message = error.inner().to_string();
                Err(errors(vec![ConfigProblem { position: Some(path.locate(&root)), path, message }]))
            }
        }
    }
}

impl<T> Document<T> {
    /// Mistakes that only whoever used the text could find: paths, such as `mix[1].model`, and what is wrong there.
    #[must_use]
    pub fn errors(&self, problems: impl IntoIterator<Item = (String, String)>) -> ConfigErrors {
        let located = |(path, message): (String, String)| {
            let path = Path::root().below(&path);
            ConfigProblem { position: Some(path.locate(&self.root)), path, message }
        };
        ConfigErrors::new(self.file.as_str(), problems.into_iter().map(located).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Document;
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Menu {
        dishes: Vec<Dish>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Dish {
        name: String,
        #[schemars(range(min = 0, max = 100))]
        price: f64,
    }

    #[test]
    fn a_text_of_the_right_form_is_read_and_later_objections_find_their_line() {
        let menu = Document::<Menu>::read("menu.yaml", "dishes:\n  - name: soup\n    price: 4.5\n").unwrap();
        assert_eq!((menu.value.dishes[0].name.as_str(), menu.value.dishes[0].price), ("soup", 4.5));
        let errors = menu.errors([("dishes[0].name".to_owned(), "it is sold out".to_owned())]);
        assert_eq!(
            errors.to_string(),
            "menu.yaml:2:11: dishes[0].name: it is sold out\n1 problem in menu.yaml (TG5001)"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let text = "dishes:\n  - nmae: soup\n    price: -1\n  - name: tea\n";
        let errors = Document::<Menu>::read("menu.yaml", text).unwrap_err().to_string();
        for part in [
            "menu.yaml:2:5: dishes[0].nmae: unknown key; did you mean `name`?",
            "menu.yaml:3:12: dishes[0].price: expected a number from 0 to 100, found -1",
            "menu.yaml:4:5: dishes[1].price: it is missing",
        ] {
            assert!(errors.contains(part), "{part} is not in {errors}");
        }
        assert!(Document::<Menu>::read("menu.yaml", "dishes: [").is_err());
    }
}
