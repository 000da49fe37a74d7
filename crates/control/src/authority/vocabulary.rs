//! The words in which permissions are said: what is done, to what kind of thing, and by a role that is held where. There
//! are few enough of them that whatever can be asked has a place in one small table.

/// Makes an enumeration whose values have a name and a meaning, and a list of them.
macro_rules! words {
    ($(#[$doc:meta])* $word:ident { $($value:ident = $name:literal, $about:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(usize)]
        pub enum $word {
            $(#[doc = $about] $value,)*
        }

        impl $word {
            /// All of them, in the order of the reference; `value as usize` is the place in it.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$value),*];

            /// Its name in policies, in the audit log and in the reference.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)*
                }
            }

            /// What it means, for the reference.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$value => $about,)*
                }
            }

            /// The one of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|word| word.name() == name)
            }
        }
    };
}

words! {
    /// What is done.
    Action {
        Create = "create", "make one";
        Read = "read", "see that it exists, and what it says";
        Update = "update", "change it";
        Delete = "delete", "remove it";
        Rotate = "rotate", "replace the text of a key";
        Explain = "explain", "ask where a request would go, and why";
        ReadAudit = "read_audit", "read what was done to it, and to what is in it";
        ReadSpend = "read_spend", "read what it, and what is in it, has spent";
    }
}

words! {
    /// What kind of thing something is done to.
    Kind {
        Organization = "Organization", "everything together";
        Workspace = "Workspace", "an entry of `workspaces`, with its teams";
        User = "User", "an entry of `users`";
        Group = "Group", "an entry of `groups`";
        Key = "Key", "an entry of `keys`";
        RateLimit = "RateLimit", "an entry of `rate_limits`";
        Budget = "Budget", "an entry of `budgets`";
        Webhook = "Webhook", "an entry of `webhooks`";
        Route = "Route", "an entry of `routes`";
        Provider = "Provider", "an entry of `providers`, with its credentials";
    }
}

words! {
    /// Where a role is held: how wide it reaches.
    Level {
        Organization = "organization", "for everything";
        Workspace = "workspace", "for what belongs to one workspace";
        Environment = "environment", "for what belongs to one environment, of one workspace or of all";
    }
}

impl Action {
    /// Whether it can be done to things of a kind at all.
    #[must_use]
    pub fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::Create | Self::Read | Self::Update | Self::Delete => kind != Kind::Organization,
            Self::Rotate => kind == Kind::Key,
            Self::Explain => kind == Kind::Route,
            Self::ReadAudit => matches!(kind, Kind::Organization | Kind::Workspace),
            Self::ReadSpend => matches!(kind, Kind::Organization | Kind::Workspace | Kind::Budget),
        }
    }
}
